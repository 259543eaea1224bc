import { type Address, ConfigProblem, type Path, pathText, type Reader } from "./config/readers.ts";
import {
  type CallerEntry,
  type ModelEntry,
  type ProviderEntry,
  schema,
  type TlsFiles,
  tlsFiles,
} from "./config/schema.ts";
import {
  ConfigError,
  type ConfigFile,
  type Environment,
  overlayEnvironment,
  readConfigFile,
} from "./config/sources.ts";
import type { ProviderType } from "./providers/provider.ts";
import type { DefaultTimeouts } from "./reliability/limits.ts";

/** A provider instance with everything filled in. */
export interface ConfiguredProvider {
  readonly id: string;
  readonly type: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Why it cannot be called; undefined when it can. */
  readonly unavailable:
    | { readonly cause: "not-configured"; readonly variable: string }
    | { readonly cause: "disabled" }
    | undefined;
  readonly dialect: string | undefined;
  readonly doneOptional: boolean;
  readonly builtinModels: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Config {
  readonly grpc: { readonly address: Address; readonly tls: TlsFiles | undefined };
  readonly http: {
    readonly address: Address;
    readonly tls: TlsFiles | undefined;
    readonly corsOrigins: readonly string[];
  };
  readonly callers: readonly CallerEntry[];
  readonly allowUnauthenticated: boolean;
  /** In the order in which they are tried. */
  readonly providers: readonly ConfiguredProvider[];
  readonly models: readonly ModelEntry[];
  readonly allowFaults: boolean;
  readonly timeouts: DefaultTimeouts;
  /** Name of the service in telemetry; undefined leaves telemetry off. */
  readonly telemetry: { readonly serviceName: string } | undefined;
  /** What an operator should know at start. */
  readonly warnings: readonly string[];
}

const DEFAULTS = {
  grpcAddress: { host: "127.0.0.1", port: 50051 },
  httpAddress: { host: "127.0.0.1", port: 8080 },
  timeouts: {
    connectMs: 5_000,
    firstTokenMs: 30_000,
    idleMs: 30_000,
    reasoningMs: 120_000,
    totalMs: 600_000,
    maxTotalMs: 3_600_000,
  },
} as const;

/** Sections of the schema down to the keys that hold values. */
function valuePaths(reader: Reader<unknown>, path: Path = []): Path[] {
  if (!("fields" in reader)) return [path];
  const fields = reader.fields as Readonly<Record<string, Reader<unknown>>>;
  return Object.entries(fields).flatMap(([key, inner]) => valuePaths(inner, [...path, key]));
}

const VALUE_PATHS = valuePaths(schema);

/** The original's name for `stream.retention`, in seconds. */
function withAliases(environment: Environment): Environment {
  const seconds = environment["STEER_STREAMING_STATE_TTL"];
  if (seconds === undefined || environment["STEER_STREAM_RETENTION"]) return environment;
  return { ...environment, STEER_STREAM_RETENTION: `${seconds}s` };
}

function configureProvider(
  entry: ProviderEntry,
  types: Readonly<Record<string, ProviderType>>,
  environment: Environment,
): ConfiguredProvider {
  const type = types[entry.type];
  if (type === undefined) throw new ConfigError(`no provider type "${entry.type}"`);
  const variable =
    entry.apiKeyEnv ?? (entry.baseUrl === undefined ? type.apiKeyVariable : undefined);
  const apiKey = variable === undefined ? "" : (environment[variable] ?? "");
  const missing = variable !== undefined && apiKey === "";
  return {
    id: entry.id,
    type: entry.type,
    baseUrl: entry.baseUrl ?? type.defaultBaseUrl,
    apiKey,
    unavailable: !entry.enabled
      ? { cause: "disabled" }
      : missing
        ? { cause: "not-configured", variable }
        : undefined,
    dialect: entry.api,
    doneOptional: entry.doneOptional,
    builtinModels: entry.builtinModels ?? entry.baseUrl === undefined,
    headers: entry.headers,
  };
}

/** The instances of the file, then one of each type that the file does not name. */
function allProviders(
  entries: readonly ProviderEntry[],
  types: Readonly<Record<string, ProviderType>>,
): ProviderEntry[] {
  const named = new Set(entries.map(({ id }) => id));
  const defaults = Object.keys(types)
    .filter((type) => !named.has(type))
    .map((type) => ({ id: type, type, doneOptional: false, enabled: true, headers: {} }));
  return [...entries, ...defaults];
}

function checkEntries(
  providers: readonly ProviderEntry[],
  models: readonly ModelEntry[],
  callers: readonly CallerEntry[],
  types: Readonly<Record<string, ProviderType>>,
): void {
  const unique = (section: string, ids: readonly string[]): void => {
    const index = ids.findIndex((id, position) => ids.indexOf(id) !== position);
    if (index >= 0)
      throw new ConfigProblem([section, index, "id"], `"${ids[index]}" is there twice`);
  };
  unique(
    "providers",
    providers.map(({ id }) => id),
  );
  unique(
    "callers",
    callers.map(({ id }) => id),
  );
  const known = Object.keys(types);
  for (const [index, { id, type }] of providers.entries()) {
    if (!known.includes(type)) {
      const message = `no provider type "${type}"; there are ${known.join(", ")}`;
      throw new ConfigProblem(["providers", index, "type"], message);
    }
    if (known.includes(id) && id !== type) {
      const message = `"${id}" is the name of a type; an instance of type ${type} needs another id`;
      throw new ConfigProblem(["providers", index, "id"], message);
    }
  }
  const instances = allProviders(providers, types).map(({ id }) => id);
  for (const [index, { provider }] of models.entries()) {
    if (!instances.includes(provider)) {
      const message = `no provider "${provider}"; there are ${instances.join(", ")}`;
      throw new ConfigProblem(["models", index, "provider"], message);
    }
  }
}

function isOtelOn(environment: Environment): boolean {
  if (environment["OTEL_SDK_DISABLED"] === "true") return false;
  const exporters = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"].map(
    (key) => environment[key],
  );
  const endpoints = ["", "_TRACES", "_METRICS"].map(
    (signal) => environment[`OTEL_EXPORTER_OTLP${signal}_ENDPOINT`],
  );
  if (exporters.every((exporter) => exporter === "none")) return false;
  return [...exporters, ...endpoints].some((value) => value !== undefined && value !== "none");
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Without callers everybody who can connect may do everything: only this machine may then connect. */
function checkExposure(config: Config): void {
  if (config.callers.length > 0 || config.allowUnauthenticated) return;
  for (const [listener, { host }] of [
    ["grpc", config.grpc.address],
    ["http", config.http.address],
  ] as const) {
    if (LOOPBACK.test(host)) continue;
    throw new ConfigError(
      `${listener}.address: ${host} can be reached from elsewhere and no callers are configured; ` +
        "add callers (`steer keygen` prints one) or set STEER_ALLOW_UNAUTHENTICATED=true",
    );
  }
}

function build(
  tree: Record<string, unknown>,
  types: Readonly<Record<string, ProviderType>>,
  environment: Environment,
): Config {
  const fields = schema(tree, []);
  const { grpc, http, stream, timeouts } = fields;
  const providers = fields.providers ?? [];
  const models = fields.models ?? [];
  const callers = fields.callers ?? [];
  checkEntries(providers, models, callers, types);
  const allowUnauthenticated = fields.allow_unauthenticated ?? false;
  const config: Config = {
    grpc: {
      address: grpc?.address ?? DEFAULTS.grpcAddress,
      tls: tlsFiles(grpc?.tls, ["grpc", "tls"]),
    },
    http: {
      address: http?.address ?? DEFAULTS.httpAddress,
      tls: tlsFiles(http?.tls, ["http", "tls"]),
      corsOrigins: http?.cors_origins ?? [],
    },
    callers,
    allowUnauthenticated,
    providers: allProviders(providers, types).map((entry) =>
      configureProvider(entry, types, environment),
    ),
    models,
    allowFaults: fields.faults?.allow ?? false,
    timeouts: {
      connectMs: timeouts?.connect ?? DEFAULTS.timeouts.connectMs,
      firstTokenMs: timeouts?.first_token ?? DEFAULTS.timeouts.firstTokenMs,
      idleMs: timeouts?.idle ?? DEFAULTS.timeouts.idleMs,
      reasoningMs: timeouts?.reasoning ?? DEFAULTS.timeouts.reasoningMs,
      totalMs: timeouts?.total ?? DEFAULTS.timeouts.totalMs,
      maxTotalMs: timeouts?.max_total ?? DEFAULTS.timeouts.maxTotalMs,
    },
    telemetry: isOtelOn(environment)
      ? { serviceName: environment["OTEL_SERVICE_NAME"] ?? "steer" }
      : undefined,
    warnings: [
      ...(stream === undefined
        ? []
        : ["stream: streams are not stored, so retention and disconnect_grace have no effect"]),
      ...(allowUnauthenticated
        ? ["allow_unauthenticated: calls without credentials are served as `anonymous`"]
        : []),
    ],
  };
  checkExposure(config);
  return config;
}

/**
 * Reads the configuration: defaults, the file that `STEER_CONFIG` names, the
 * environment. Throws `ConfigError` with the place of the first mistake.
 */
export function loadConfig(
  types: Readonly<Record<string, ProviderType>>,
  environment: Environment = process.env,
): Config {
  const named = environment["STEER_CONFIG"];
  const file: ConfigFile | undefined = named ? readConfigFile(named) : undefined;
  const values = withAliases(environment);
  const { tree, origins } = overlayEnvironment(file?.tree ?? {}, VALUE_PATHS, values);
  try {
    return build(tree, types, environment);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const path = pathText(error.path);
    const origin = [...origins].find(([set]) => path === set || path.startsWith(`${set}[`));
    const place = origin?.[1] ?? file?.locate(error.path) ?? "configuration";
    throw new ConfigError(`${place}: ${path}: ${error.message}`, { cause: error });
  }
}

/** Where the command line finds the service, and with which key. */
export interface ClientConfig {
  readonly address: string;
  readonly apiKey: string | undefined;
}

export function loadClientConfig(environment: Environment = process.env): ClientConfig {
  return {
    address: environment["STEER_ADDRESS"] || "127.0.0.1:50051",
    apiKey: environment["STEER_API_KEY"] || undefined,
  };
}
