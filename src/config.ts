import { type AccountingSettings, accountingSettings } from "./accounting-config.ts";
import { checkCallers, checkExposure } from "./config/callers.ts";
import { checkModels } from "./config/check-models.ts";
import { checkVariables } from "./config/check-variables.ts";
import { type ConfiguredProvider, configureProviders } from "./config/instances.ts";
import { valuePaths } from "./config/key-paths.ts";
import { type PriceOverrides, readPriceOverrides } from "./config/price-overrides.ts";
import { type Address, ConfigProblem, pathText, type ReadFields } from "./config/readers.ts";
import { RETENTION_ALIAS, setVariable, withRetentionAlias } from "./config/retention-alias.ts";
import { type ModelEntry, type ProviderEntry, schema, tlsFiles } from "./config/schema.ts";
import {
  ConfigError,
  type ConfigFile,
  type Environment,
  environmentName,
  overlayEnvironment,
  readConfigFile,
} from "./config/sources.ts";
import type { timeoutFields } from "./config/targets.ts";
import type { TlsFiles } from "./config/tls-files.ts";
import { ageLimit, drainSettings } from "./connection-config.ts";
import type { KnownCaller } from "./domain/caller.ts";
import type { TypeTable } from "./ports/type-facts.ts";
import type { DefaultTimeouts } from "./reliability/limits.ts";
import type { ReliabilitySettings } from "./reliability/settings.ts";
import { reliabilitySettings } from "./reliability-config.ts";
import { checkModelFallbacks, type RoutingSettings, routingSettings } from "./routing-config.ts";
import type { DrainSettings } from "./rpc/drain.ts";
import type { AgeLimit } from "./rpc/http2-sessions.ts";
import { storeAddress, streamSettings } from "./stream-config.ts";
import type { StoreAddress } from "./streams/open-store.ts";
import type { StreamSettings } from "./streams/stream-settings.ts";
import type { EstimatorChoice } from "./usage/token-counter.ts";

export interface Config {
  readonly grpc: {
    readonly address: Address;
    readonly tls: TlsFiles | undefined;
    readonly ageLimit: AgeLimit | undefined;
  };
  readonly http: {
    readonly address: Address;
    readonly tls: TlsFiles | undefined;
    readonly corsOrigins: readonly string[];
  };
  readonly limits: {
    /** Most bytes of a request that carries a conversation, inflated. */
    readonly requestBytes: number;
  };
  /** How the service ends. */
  readonly drain: DrainSettings;
  readonly callers: readonly KnownCaller[];
  readonly allowUnauthenticated: boolean;
  /** Names, beside the loopback ones, by which this machine may be called while it has no callers. */
  readonly hosts: readonly string[];
  /** In the order in which they are tried. */
  readonly providers: readonly ConfiguredProvider[];
  readonly models: readonly ModelEntry[];
  /** In place of listed prices. */
  readonly priceOverrides: PriceOverrides | undefined;
  readonly accounting: AccountingSettings;
  readonly allowFaults: boolean;
  readonly timeouts: DefaultTimeouts;
  /** What counts tokens that no provider reports. */
  readonly estimator: EstimatorChoice;
  readonly reliability: ReliabilitySettings;
  readonly routing: RoutingSettings;
  /** Where streams are stored; only a restart changes it. */
  readonly store: StoreAddress;
  readonly streams: StreamSettings;
  /** Name of the service in telemetry; undefined leaves telemetry off. */
  readonly telemetry: { readonly serviceName: string } | undefined;
  /** What an operator should know at start. */
  readonly warnings: readonly string[];
}

const DEFAULTS = {
  grpcAddress: { host: "127.0.0.1", port: 50051 },
  httpAddress: { host: "127.0.0.1", port: 8080 },
  requestBytes: 32 * 1024 * 1024,
  timeouts: {
    connectMs: 5_000,
    firstTokenMs: 30_000,
    firstTokenFailoverMs: 10_000,
    answerFailoverMs: 60_000,
    idleMs: 30_000,
    reasoningMs: 120_000,
    reasoningFailoverMs: 30_000,
    totalMs: 600_000,
    maxTotalMs: 3_600_000,
  },
} as const;

const VALUE_PATHS = valuePaths();
const VARIABLES = VALUE_PATHS.map(environmentName);

function isOtelOn(environment: Environment): boolean {
  if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
  const exporters = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"].map(
    (key) => environment[key],
  );
  const endpoints = ["", "_TRACES", "_METRICS"].map(
    (signal) => environment[`OTEL_EXPORTER_OTLP${signal}_ENDPOINT`],
  );
  if (exporters.every((exporter) => exporter === "none")) return false;
  // OpenTelemetry takes an empty variable for an unset one.
  return [...exporters, ...endpoints].some((value) => value && value !== "none");
}

function defaultTimeouts(given: ReadFields<typeof timeoutFields> | undefined): DefaultTimeouts {
  const { timeouts } = DEFAULTS;
  const maxTotalMs = given?.max_total ?? timeouts.maxTotalMs;
  if (given?.total !== undefined && given.total > maxTotalMs) {
    const message = `is above timeouts.max_total (${maxTotalMs} ms)`;
    throw new ConfigProblem(["timeouts", "total"], message);
  }
  return {
    connectMs: given?.connect ?? timeouts.connectMs,
    firstTokenMs: given?.first_token ?? timeouts.firstTokenMs,
    firstTokenFailoverMs: given?.first_token_failover ?? timeouts.firstTokenFailoverMs,
    answerFailoverMs: given?.answer_failover ?? timeouts.answerFailoverMs,
    idleMs: given?.idle ?? timeouts.idleMs,
    reasoningMs: given?.reasoning ?? timeouts.reasoningMs,
    reasoningFailoverMs: given?.reasoning_failover ?? timeouts.reasoningFailoverMs,
    totalMs: given?.total ?? Math.min(timeouts.totalMs, maxTotalMs),
    maxTotalMs,
  };
}

/** What an operator should know at start. */
function startWarnings({
  allow_unauthenticated,
  providers = [],
}: ReturnType<typeof schema>): string[] {
  const idle = (entry: ProviderEntry, index: number): string[] =>
    entry.doneOptional === undefined
      ? []
      : [`providers[${index}].done_optional: not needed, a finish reason ends every answer`];
  return [
    ...(allow_unauthenticated
      ? ["allow_unauthenticated: calls without credentials are served as `anonymous`"]
      : []),
    ...providers.flatMap(idle),
  ];
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

function build(tree: Record<string, unknown>, types: TypeTable, environment: Environment): Config {
  const fields = schema(tree, []);
  const keys = (fields.providers ?? []).flatMap(({ apiKeyEnv }) => apiKeyEnv ?? []);
  checkVariables(environment, [...VARIABLES, RETENTION_ALIAS, ...keys]);
  const { grpc, http, callers = [], models = [], allow_unauthenticated = false } = fields;
  const addresses = {
    grpc: grpc?.address ?? DEFAULTS.grpcAddress,
    http: http?.address ?? DEFAULTS.httpAddress,
  };
  const grpcTls = tlsFiles(grpc?.tls, ["grpc", "tls"]);
  const httpTls = tlsFiles(http?.tls, ["http", "tls"]);
  const verifiesClients = [grpcTls, httpTls].some((tls) => tls?.clientCaFile !== undefined);
  checkCallers(callers, verifiesClients);
  if (callers.length === 0 && !allow_unauthenticated) checkExposure(addresses);
  const providers = configureProviders(fields.providers ?? [], types, environment);
  checkModels(models, providers, types);
  checkModelFallbacks(models, providers, types);
  return freeze<Config>({
    grpc: { address: addresses.grpc, tls: grpcTls, ageLimit: ageLimit(grpc) },
    http: { address: addresses.http, tls: httpTls, corsOrigins: http?.cors_origins ?? [] },
    limits: { requestBytes: fields.limits?.request_bytes ?? DEFAULTS.requestBytes },
    drain: drainSettings(fields.drain),
    callers,
    allowUnauthenticated: allow_unauthenticated,
    hosts: http?.hosts ?? [],
    providers,
    models,
    priceOverrides: readPriceOverrides(environment),
    accounting: accountingSettings(fields.accounting),
    allowFaults: fields.faults?.allow ?? false,
    timeouts: defaultTimeouts(fields.timeouts),
    estimator: fields.accounting?.estimator ?? "auto",
    reliability: reliabilitySettings(
      fields,
      fields.providers,
      models,
      // Those who are served without a key are one caller.
      callers.length + (allow_unauthenticated ? 1 : 0) > 1,
    ),
    routing: routingSettings(fields.routing),
    store: storeAddress(fields.stream),
    streams: streamSettings(fields.stream),
    telemetry: isOtelOn(environment)
      ? { serviceName: environment["OTEL_SERVICE_NAME"] || "steer" }
      : undefined,
    warnings: startWarnings(fields),
  });
}

/**
 * Reads the configuration: defaults, the file that `STEER_CONFIG` names, the
 * environment. Throws `ConfigError` with the place of the first mistake.
 */
export function loadConfig(types: TypeTable, environment: Environment = process.env): Config {
  const named = environment["STEER_CONFIG"];
  const file: ConfigFile | undefined = named ? readConfigFile(named) : undefined;
  const values = withRetentionAlias(environment);
  const { tree, origins } = overlayEnvironment(file?.tree ?? {}, VALUE_PATHS, values);
  try {
    return build(tree, types, environment);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const path = pathText(error.path);
    const [, variable] =
      [...origins].find(([set]) => path === set || path.startsWith(`${set}[`)) ?? [];
    const set = variable === undefined ? undefined : setVariable(variable, environment);
    const place = set ?? file?.locate(error.path) ?? "configuration";
    throw new ConfigError(`${place}: ${path}: ${error.message}`, { cause: error });
  }
}

/** The environment in which `STEER_CONFIG` is `file`, where one is given. */
export function environmentWith(
  file: string | undefined,
  environment: Environment = process.env,
): Environment {
  return file === undefined ? environment : { ...environment, STEER_CONFIG: file };
}

/** Where the command line finds the service, and with which key. */
export interface ClientConfig {
  readonly address: string;
  readonly apiKey: string | undefined;
}

/** `STEER_ADDRESS`, else where a service of the same environment listens. */
export function loadClientConfig(environment: Environment = process.env): ClientConfig {
  const listening = environment["STEER_GRPC_ADDRESS"];
  // An address that stands for all of a machine cannot be called.
  const local = listening?.replace(/^(?:0\.0\.0\.0|\[::\])(?=:)/, "127.0.0.1");
  return {
    address: environment["STEER_ADDRESS"] || local || "127.0.0.1:50051",
    apiKey: environment["STEER_API_KEY"] || undefined,
  };
}
