import { isDeepStrictEqual } from "node:util";
import type { ConnectionSettings } from "../domain/connection-settings.ts";
import type { ModelRecord, Parameter, TargetTimeouts, UnaryUpstream } from "../domain/model.ts";
import type { TokenRules } from "../domain/token-rules.ts";
import { KEY, KeyFileProblem, readKeyFile } from "./key-file.ts";
import { environmentProxies } from "./proxies.ts";
import { ConfigProblem, required } from "./readers.ts";
import type { ModelEntry, ProviderEntry } from "./schema.ts";
import { ConfigError, type Environment } from "./sources.ts";
import { readUpstreamTls, TlsProblem, type UpstreamTlsFiles } from "./tls-files.ts";

/** What the configuration has to know of a provider type. */
export interface TypeFacts {
  /** Environment variable of the credential; undefined: needs none. */
  readonly apiKeyVariable: string | undefined;
  /** Empty: every instance has an address of its own. */
  readonly defaultBaseUrl: string;
  /** There is an instance of its name where the file has none. */
  readonly hasDefaultInstance: boolean;
  /** No instance of another type has its name, whether or not the file has one of this type. */
  readonly isNameReserved: boolean;
  /** Why an address cannot be its base URL, as a clause; undefined: it can. */
  baseUrlProblem(baseUrl: string): string | undefined;
  /** What is wrong with the API version of an instance at this address; unset: it reads none. */
  apiVersionProblem?(baseUrl: string, apiVersion: string | undefined): string | undefined;
  dialectProblem?(dialect: string): string | undefined;
  /** Dialects with the parameters that their wires carry: for all models, and for those that list them. */
  readonly dialects: Readonly<Record<string, readonly Parameter[]>>;
  readonly listedParameters: Readonly<Record<string, readonly Parameter[]>>;
  /** Keys of `wire` that are read for a model of a dialect, as a record spells them. */
  readonly wireFacts: Readonly<Record<string, readonly string[]>>;
  defaultDialect(baseUrl: string): string;
  readonly tokens: TokenRules;
  /** Built-in models. */
  readonly models: readonly ModelRecord[];
}

export type TypeTable = Readonly<Record<string, TypeFacts>>;

/** A provider instance with everything filled in. */
export interface ConfiguredProvider {
  readonly id: string;
  readonly type: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  /** File that the key is read from; undefined: the key is from the environment, or there is none. */
  readonly apiKeyFile: string | undefined;
  /** Why it cannot be called; undefined when it can. */
  readonly unavailable:
    | { readonly cause: "not-configured"; readonly variable: string }
    | { readonly cause: "disabled" }
    | undefined;
  readonly apiVersion: string | undefined;
  readonly dialect: string | undefined;
  readonly unaryUpstream: UnaryUpstream;
  readonly timeouts: TargetTimeouts | undefined;
  readonly prefill: boolean;
  /** It gets the trace context of its calls, with telemetry on. */
  readonly traceContext: boolean;
  readonly builtinModels: boolean;
  /** Requests may name models of it that no list has. */
  readonly unlistedModels: boolean;
  /** The texts of its errors are in the log. */
  readonly errorTexts: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: ConnectionSettings;
  /** Files that the TLS of its connection is read from. */
  readonly tls: UpstreamTlsFiles | undefined;
}

/** The instances of the file, then one of each type of which the file need not say where it is. */
function allEntries(entries: readonly ProviderEntry[], types: TypeTable): ProviderEntry[] {
  const named = new Set(entries.map(({ id }) => id));
  const defaults = Object.entries(types)
    .filter(([type, { hasDefaultInstance }]) => hasDefaultInstance && !named.has(type))
    .map(([type]) => ({
      id: type,
      type,
      prefill: false,
      traceContext: false,
      unlistedModels: false,
      errorTexts: false,
      enabled: true,
      headers: {},
    }));
  return [...entries, ...defaults];
}

interface Credential {
  readonly apiKey: string;
  /** Environment variable that should hold the key and does not. */
  readonly missing: string | undefined;
}

function credentialOf(
  { apiKeyFile, apiKeyEnv, enabled }: ProviderEntry,
  vendorVariable: string | undefined,
  environment: Environment,
): Credential {
  if (apiKeyFile !== undefined) {
    // An instance that is switched off may have lost its key.
    return { apiKey: enabled ? readKeyFile(apiKeyFile) : "", missing: undefined };
  }
  const variable = apiKeyEnv ?? vendorVariable;
  if (variable === undefined) return { apiKey: "", missing: undefined };
  // A variable that was filled from a file can end with a line break, which no header takes.
  const apiKey = (environment[variable] ?? "").trim();
  if (enabled && apiKey !== "" && !KEY.test(apiKey)) {
    throw new ConfigError(`${variable}: holds no key of one line in ASCII`);
  }
  return { apiKey, missing: apiKey === "" ? variable : undefined };
}

/** An instance's own proxy is its only one, for whatever host. */
function connectionOf(
  { proxyUrl, tls, enabled }: ProviderEntry,
  shared: ConnectionSettings["proxy"],
): ConnectionSettings {
  const proxy = proxyUrl === undefined ? shared : { http: proxyUrl, https: proxyUrl, except: "" };
  return {
    ...(proxy !== undefined && { proxy }),
    // An instance that is switched off may have lost its files.
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
  // The vendor's key never goes to another address, unless the entry names it.
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

/** The name of another type would mean two things in a request's `provider_options` and `routing`. */
function isTaken(
  { id, type }: ProviderEntry,
  entries: readonly ProviderEntry[],
  types: TypeTable,
): boolean {
  if (id === type || !Object.hasOwn(types, id)) return false;
  return types[id]?.isNameReserved === true || entries.some((each) => each.type === id);
}

function typeOf(index: number, entries: readonly ProviderEntry[], types: TypeTable): TypeFacts {
  const entry = required(entries[index], ["providers"], String(index));
  const known = Object.keys(types);
  const type = Object.hasOwn(types, entry.type) ? types[entry.type] : undefined;
  if (type === undefined) {
    const message = `no provider type "${entry.type}"; there are ${known.join(", ")}`;
    throw new ConfigProblem(["providers", index, "type"], message);
  }
  if (isTaken(entry, entries, types)) {
    const message = `"${entry.id}" is the name of a type; an instance of type ${entry.type} needs another id`;
    throw new ConfigProblem(["providers", index, "id"], message);
  }
  return type;
}

function checkDialect(section: string, index: number, api: string | undefined, type: TypeFacts) {
  const dialects = Object.keys(type.dialects);
  if (api === undefined || dialects.includes(api)) return;
  const message =
    type.dialectProblem?.(api) ??
    `must be one of ${dialects.join(", ")} for a provider of this type`;
  throw new ConfigProblem([section, index, "api"], message);
}

/** The key whose files cannot be used, and why; undefined: the error is about something else. */
function problemOfFiles(
  error: unknown,
): { readonly key: "api_key_file" | "tls"; readonly message: string } | undefined {
  if (error instanceof KeyFileProblem) return { key: "api_key_file", message: error.message };
  if (error instanceof TlsProblem) return { key: "tls", message: error.message };
  return undefined;
}

/** Files for TLS that nothing would read are a mistake. */
function checkTls({ tls, baseUrl }: ProviderEntry, index: number, type: TypeFacts): void {
  if (tls === undefined || (baseUrl ?? type.defaultBaseUrl).startsWith("https:")) return;
  const message = "says nothing of a server that is called without TLS";
  throw new ConfigProblem(["providers", index, "tls"], message);
}

/** A vendor's errors can quote what a caller has sent; a server of one's own shows its operator no more than it knows. */
function checkErrorTexts({ errorTexts, baseUrl }: ProviderEntry, index: number, type: TypeFacts) {
  const isVendor = type.apiKeyVariable !== undefined;
  if (!errorTexts || !isVendor || (baseUrl !== undefined && baseUrl !== type.defaultBaseUrl))
    return;
  const message = "is for servers of one's own, and the address is the vendor's";
  throw new ConfigProblem(["providers", index, "error_texts"], message);
}

function checkAddress(
  { baseUrl = "", apiVersion, type: name }: ProviderEntry,
  index: number,
  type: TypeFacts,
): void {
  const isDefault = baseUrl === "" && type.defaultBaseUrl !== "";
  const problem = isDefault ? undefined : type.baseUrlProblem(baseUrl);
  if (problem !== undefined) throw new ConfigProblem(["providers", index, "base_url"], problem);
  const unread = apiVersion === undefined ? undefined : `says nothing of the type ${name}`;
  const wrong = type.apiVersionProblem ? type.apiVersionProblem(baseUrl, apiVersion) : unread;
  if (wrong !== undefined) throw new ConfigProblem(["providers", index, "api_version"], wrong);
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
    const type = typeOf(index, all, types);
    checkDialect("providers", index, entry.api, type);
    checkAddress(entry, index, type);
    checkErrorTexts(entry, index, type);
    checkTls(entry, index, type);
    try {
      return configure(entry, type, environment, proxy);
    } catch (error) {
      const problem = problemOfFiles(error);
      if (problem === undefined) throw error;
      throw new ConfigProblem(["providers", index, problem.key], problem.message);
    }
  });
}

/** The instances that are called, each read again; undefined where none has changed. Throws `ConfigError`. */
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

/** The instances with the keys that their files hold now; undefined where every key is the same. */
export function withKeysOfFiles(
  providers: readonly ConfiguredProvider[],
): readonly ConfiguredProvider[] | undefined {
  return readAgain(providers, (provider) => {
    if (provider.apiKeyFile === undefined) return provider;
    const apiKey = readKeyFile(provider.apiKeyFile);
    return apiKey === provider.apiKey ? provider : { ...provider, apiKey };
  });
}

/** The same with what the files of their TLS hold. */
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

/** `reasoningField` as `reasoning_field`. */
function inFile(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A parameter, or a fact of the wire, that nothing reads would be left out of every request. */
function checkCarried(
  { parameters = [], wire = {}, dialect }: ModelEntry,
  index: number,
  instance: ConfiguredProvider,
  type: TypeFacts,
): void {
  const own = dialect ?? instance.dialect ?? type.defaultDialect(instance.baseUrl);
  const carried = [...(type.dialects[own] ?? []), ...(type.listedParameters[own] ?? [])];
  for (const [position, parameter] of parameters.entries()) {
    if (carried.includes(parameter)) continue;
    const message = `${parameter} has no field in the dialect ${own}`;
    throw new ConfigProblem(["models", index, "parameters", position], message);
  }
  const read = type.wireFacts[own] ?? [];
  const unread = Object.keys(wire).find((key) => !read.includes(key));
  if (unread === undefined) return;
  const message = `says nothing of the dialect ${own} of the type ${instance.type}`;
  throw new ConfigProblem(["models", index, "wire", inFile(unread)], message);
}

/** Models at instances that exist, each name once at an instance. Throws `ConfigProblem`. */
export function checkModels(
  models: readonly ModelEntry[],
  providers: readonly ConfiguredProvider[],
  types: TypeTable,
): void {
  const owners = new Map<string, string>();
  for (const [index, model] of models.entries()) {
    const instance = providers.find(({ id }) => id === model.provider);
    if (instance === undefined) {
      const names = providers.map(({ id }) => id).join(", ");
      const message = `no provider "${model.provider}"; there are ${names}`;
      throw new ConfigProblem(["models", index, "provider"], message);
    }
    const path = ["models", index];
    checkDialect("models", index, model.dialect, required(types[instance.type], path, "provider"));
    checkCarried(model, index, instance, required(types[instance.type], path, "provider"));
    const { id, displayName = id, aliases = [] } = model;
    for (const name of new Set([id, displayName, ...aliases])) {
      const key = `${instance.id}/${name}`;
      const owner = owners.get(key);
      if (owner !== undefined) {
        const message = `the name "${name}" belongs to the model ${owner} of ${instance.id} already`;
        throw new ConfigProblem(path, message);
      }
      owners.set(key, id);
    }
  }
}
