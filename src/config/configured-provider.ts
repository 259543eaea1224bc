import { isDeepStrictEqual } from "node:util";
import type { ConnectionSettings } from "../domain/connection-settings.ts";
import type { TargetTimeouts, UnaryUpstream } from "../domain/model.ts";
import type { ProviderInstance } from "../ports/provider-instance.ts";
import type { TypeFacts, TypeTable } from "../ports/type-facts.ts";
import { checkInstance, typeOf } from "./check-instance.ts";
import { KEY, KeyFileProblem, readKeyFile } from "./key-file.ts";
import { INSTANCE_DEFAULTS, type ProviderEntry } from "./provider-entry.ts";
import { environmentProxies } from "./proxies.ts";
import { ConfigProblem } from "./readers.ts";
import { ConfigError, type Environment } from "./sources.ts";
import { readUpstreamTls, TlsProblem, type UpstreamTlsFiles } from "./tls-files.ts";

/** A provider instance with all defaults filled in. */
export interface ConfiguredProvider extends ProviderInstance {
  /** File of the key; undefined: the key is from the environment, or there is none. */
  readonly apiKeyFile: string | undefined;
  /** Why the instance cannot be called; undefined: it can. */
  readonly unavailable:
    | { readonly cause: "not-configured"; readonly variable: string }
    | { readonly cause: "disabled" }
    | undefined;
  readonly dialect: string | undefined;
  readonly unaryUpstream: UnaryUpstream;
  readonly timeouts: TargetTimeouts | undefined;
  readonly prefill: boolean;
  /** Whether the instance receives the trace context of calls, if telemetry is on. */
  readonly traceContext: boolean;
  readonly builtinModels: boolean;
  /** Whether requests may name models of the instance that no list has. */
  readonly unlistedModels: boolean;
  /** Whether the texts of its errors are logged. */
  readonly errorTexts: boolean;
  /** Files for the TLS of its connections. */
  readonly tls: UpstreamTlsFiles | undefined;
}

/** The instances of the file, then one for each type with a default instance. */
function allEntries(entries: readonly ProviderEntry[], types: TypeTable): ProviderEntry[] {
  const named = new Set(entries.map(({ id }) => id));
  const defaults = Object.entries(types)
    .filter(([type, { hasDefaultInstance }]) => hasDefaultInstance && !named.has(type))
    .map(([type]) => ({ ...INSTANCE_DEFAULTS, id: type, type }));
  return [...entries, ...defaults];
}

interface Credential {
  readonly apiKey: string;
  /** Environment variable that should have the key but is empty. */
  readonly missing: string | undefined;
}

function credentialOf(
  { apiKeyFile, apiKeyEnv, enabled }: ProviderEntry,
  vendorVariable: string | undefined,
  environment: Environment,
): Credential {
  if (apiKeyFile !== undefined) {
    // The key file of a disabled instance may be missing.
    return { apiKey: enabled ? readKeyFile(apiKeyFile) : "", missing: undefined };
  }
  const variable = apiKeyEnv ?? vendorVariable;
  if (variable === undefined) return { apiKey: "", missing: undefined };
  // A variable that was filled from a file can end with a line break, which headers do not allow.
  const apiKey = (environment[variable] ?? "").trim();
  if (enabled && apiKey !== "" && !KEY.test(apiKey)) {
    throw new ConfigError(`${variable}: holds no key of one line in ASCII`);
  }
  return { apiKey, missing: apiKey === "" ? variable : undefined };
}

/** An instance's own proxy is used for every host. */
function connectionOf(
  { proxyUrl, tls, enabled }: ProviderEntry,
  shared: ConnectionSettings["proxy"],
): ConnectionSettings {
  const proxy = proxyUrl === undefined ? shared : { http: proxyUrl, https: proxyUrl, except: "" };
  return {
    ...(proxy !== undefined && { proxy }),
    // The TLS files of a disabled instance may be missing.
    ...(tls !== undefined && enabled && { tls: readUpstreamTls(tls) }),
  };
}

function configure(
  entry: ProviderEntry,
  type: TypeFacts,
  environment: Environment,
  proxy: ConnectionSettings["proxy"],
): ConfiguredProvider {
  const baseUrl = entry.baseUrl?.replace(/\/$/, "") ?? type.defaultBaseUrl;
  const isOwnAddress = baseUrl === type.defaultBaseUrl;
  // The vendor's key is never sent to another address, unless the entry names the key.
  const vendorVariable = isOwnAddress ? type.apiKeyVariable : undefined;
  const { apiKey, missing } = credentialOf(entry, vendorVariable, environment);
  return {
    id: entry.id,
    type: entry.type,
    baseUrl,
    apiKey,
    apiKeyFile: entry.apiKeyFile,
    unavailable: !entry.enabled
      ? { cause: "disabled" }
      : missing === undefined
        ? undefined
        : { cause: "not-configured", variable: missing },
    apiVersion: entry.apiVersion,
    dialect: entry.api,
    unaryUpstream: entry.unaryUpstream ?? "auto",
    timeouts: entry.timeouts,
    prefill: entry.prefill,
    traceContext: entry.traceContext,
    builtinModels: entry.builtinModels ?? isOwnAddress,
    unlistedModels: entry.unlistedModels,
    errorTexts: entry.errorTexts,
    headers: entry.headers,
    connection: connectionOf(entry, proxy),
    tls: entry.tls,
  };
}

/** The configuration key whose files cannot be used, with the reason; undefined: another error. */
function problemOfFiles(
  error: unknown,
): { readonly key: "api_key_file" | "tls"; readonly message: string } | undefined {
  if (error instanceof KeyFileProblem) return { key: "api_key_file", message: error.message };
  if (error instanceof TlsProblem) return { key: "tls", message: error.message };
  return undefined;
}

/** All instances in the order in which they are tried. Throws `ConfigProblem`. */
export function configureProviders(
  entries: readonly ProviderEntry[],
  types: TypeTable,
  environment: Environment,
): ConfiguredProvider[] {
  const proxy = environmentProxies(environment);
  const all = allEntries(entries, types);
  return all.map((entry, index) => {
    if (entries.findIndex(({ id }) => id === entry.id) < index && index < entries.length) {
      throw new ConfigProblem(["providers", index, "id"], `"${entry.id}" is there twice`);
    }
    const type = typeOf(entry, index, all, types);
    checkInstance(entry, index, type);
    try {
      return configure(entry, type, environment, proxy);
    } catch (error) {
      const problem = problemOfFiles(error);
      if (problem === undefined) throw error;
      throw new ConfigProblem(["providers", index, problem.key], problem.message);
    }
  });
}

/**
 * The instances, with the files of available ones read again; undefined if none has changed. Throws `ConfigError`.
 */
function readAgain(
  providers: readonly ConfiguredProvider[],
  read: (provider: ConfiguredProvider) => ConfiguredProvider,
): readonly ConfiguredProvider[] | undefined {
  const next = providers.map((provider): ConfiguredProvider => {
    if (provider.unavailable !== undefined) return provider;
    try {
      return read(provider);
    } catch (error) {
      const problem = problemOfFiles(error);
      if (problem === undefined) throw error;
      const message = `provider ${provider.id}: ${problem.key}: ${problem.message}`;
      throw new ConfigError(message, { cause: error });
    }
  });
  return next.every((provider, index) => provider === providers[index]) ? undefined : next;
}

/** The instances with the current keys of their files; undefined if no key has changed. */
export function withKeysOfFiles(
  providers: readonly ConfiguredProvider[],
): readonly ConfiguredProvider[] | undefined {
  return readAgain(providers, (provider) => {
    if (provider.apiKeyFile === undefined) return provider;
    const apiKey = readKeyFile(provider.apiKeyFile);
    return apiKey === provider.apiKey ? provider : { ...provider, apiKey };
  });
}

/** The instances with the current content of their TLS files; undefined if no file has changed. */
export function withTlsOfFiles(
  providers: readonly ConfiguredProvider[],
): readonly ConfiguredProvider[] | undefined {
  return readAgain(providers, (provider) => {
    if (provider.tls === undefined) return provider;
    const tls = readUpstreamTls(provider.tls);
    if (isDeepStrictEqual(tls, provider.connection.tls)) return provider;
    return { ...provider, connection: { ...provider.connection, tls } };
  });
}
