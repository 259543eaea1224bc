import type { KnownCaller } from "../domain/caller.ts";
import {
  CAPABILITIES,
  type ModelRecord,
  PARAMETERS,
  type TargetTimeouts,
  UNARY_UPSTREAMS,
  type UnaryUpstream,
} from "../domain/model.ts";
import { accountingFields } from "./accounting.ts";
import { ageFields, drainFields } from "./drain.ts";
import { limitFields } from "./limits.ts";
import { pricing } from "./prices.ts";
import { proxyAddress } from "./proxies.ts";
import {
  address,
  ConfigProblem,
  count,
  flag,
  list,
  map,
  matching,
  object,
  oneOf,
  type Path,
  type Reader,
  type ReadFields,
  required,
  reshaped,
  text,
} from "./readers.ts";
import { reliabilityFields } from "./reliability.ts";
import { streamFields } from "./streams.ts";
import { type TargetLimit, targetLimit, targetTimeouts, timeoutFields } from "./targets.ts";
import type { TlsFiles, UpstreamTlsFiles } from "./tls-files.ts";
import { wireFacts } from "./wire-facts.ts";

const identifier = matching(
  /^[a-z0-9][a-z0-9._-]{0,63}$/i,
  "an identifier of letters, digits, . _ -",
);

const callerFields = object({
  id: identifier,
  role: oneOf("caller", "operator"),
  key_sha256: matching(/^[0-9a-f]{64}$/i, "64 hex digits; `steer keygen` prints them"),
  client_cert_san: text,
});

const caller = reshaped(callerFields, (value, path): KnownCaller => {
  const fields = callerFields(value, path);
  const { key_sha256: key, client_cert_san: san } = fields;
  if ((key === undefined) === (san === undefined)) {
    throw new ConfigProblem(path, "set either key_sha256 or client_cert_san");
  }
  return {
    id: required(fields.id, path, "id"),
    role: required(fields.role, path, "role"),
    ...(key !== undefined && { keySha256: key.toLowerCase() }),
    ...(san !== undefined && { clientCertSan: san }),
  };
});

/** A provider instance as the operator writes it. */
export interface ProviderEntry {
  readonly id: string;
  readonly type: string;
  readonly apiKeyEnv?: string;
  /** File whose content is the key. */
  readonly apiKeyFile?: string;
  readonly baseUrl?: string;
  /** Version of the API that requests name. */
  readonly apiVersion?: string;
  /** Dialect of all its models. */
  readonly api?: string;
  /** Accepted for files that have it: a finish reason ends every answer. */
  readonly doneOptional?: boolean;
  /** How it is asked for the answers of unary calls; unset: `auto`. */
  readonly unaryUpstream?: UnaryUpstream;
  /** Of each of its models. */
  readonly timeouts?: TargetTimeouts;
  readonly limit?: TargetLimit;
  /** It goes on after a last message of the assistant, so that broken streams can be continued. */
  readonly prefill: boolean;
  /** With telemetry on, its requests say of which trace they are. */
  readonly traceContext: boolean;
  /** Offers the built-in models of its type. Unset: only at the type's own address. */
  readonly builtinModels?: boolean;
  /** Requests may name models of it that no list has. */
  readonly unlistedModels: boolean;
  /** The texts of its errors are in the log. */
  readonly errorTexts: boolean;
  readonly enabled: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Proxy of this instance alone, in place of those of the environment. */
  readonly proxyUrl?: string;
  /** Files for TLS with it. */
  readonly tls?: UpstreamTlsFiles;
}

const url: Reader<string> = (value, path) => {
  const given = text(value, path);
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw new ConfigProblem(path, "must be an http or https address");
  }
  if (parsed.username !== "" || parsed.password !== "" || /[?#]/.test(given)) {
    throw new ConfigProblem(path, "must be an address without credentials, query or fragment");
  }
  const base = given.replace(/\/+$/, "");
  // A slash that stands alone behind the host says that the root is meant.
  return parsed.pathname === "/" && base !== given ? `${base}/` : base;
};

const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const headerValue = matching(/^[\t\x20-\x7e\x80-\xff]*$/, "one line of text");

const headers: Reader<Record<string, string>> = (value, path) => {
  const fields = map(headerValue)(value, path);
  for (const name of Object.keys(fields)) {
    if (!HEADER_NAME.test(name)) throw new ConfigProblem([...path, name], "is no header name");
    if (name.toLowerCase() === "proxy-authorization") {
      const message = "is for a proxy and not for the provider: write its credentials in proxy_url";
      throw new ConfigProblem([...path, name], message);
    }
  }
  return fields;
};

const upstreamTlsFields = object({ ca_file: text, cert_file: text, key_file: text });

const upstreamTls = reshaped(upstreamTlsFields, (value, path): UpstreamTlsFiles => {
  const {
    ca_file: caFile,
    cert_file: certFile,
    key_file: keyFile,
  } = upstreamTlsFields(value, path);
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigProblem(path, "set cert_file and key_file, or neither");
  }
  return {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
  };
});

const providerFields = object({
  id: identifier,
  type: text,
  api_key_env: matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable"),
  api_key_file: text,
  base_url: url,
  proxy_url: proxyAddress,
  tls: upstreamTls,
  api_version: matching(/^[A-Za-z0-9.-]{1,64}$/, "a version such as 2024-10-21 or preview"),
  api: identifier,
  done_optional: flag,
  prefill: flag,
  trace_context: flag,
  builtin_models: flag,
  unlisted_models: flag,
  error_texts: flag,
  enabled: flag,
  headers,
  unary_upstream: oneOf(...UNARY_UPSTREAMS),
  timeouts: targetTimeouts,
  limit: targetLimit,
});

const provider = reshaped(providerFields, (value, path): ProviderEntry => {
  const fields = providerFields(value, path);
  if (fields.api_key_env !== undefined && fields.api_key_file !== undefined) {
    throw new ConfigProblem([...path, "api_key_file"], "set api_key_env or api_key_file, not both");
  }
  return {
    id: required(fields.id, path, "id"),
    type: required(fields.type, path, "type"),
    prefill: fields.prefill ?? false,
    traceContext: fields.trace_context ?? false,
    unlistedModels: fields.unlisted_models ?? false,
    errorTexts: fields.error_texts ?? false,
    enabled: fields.enabled ?? true,
    headers: fields.headers ?? {},
    ...(fields.done_optional !== undefined && { doneOptional: fields.done_optional }),
    ...(fields.unary_upstream !== undefined && { unaryUpstream: fields.unary_upstream }),
    ...(fields.timeouts !== undefined && { timeouts: fields.timeouts }),
    ...(fields.limit !== undefined && { limit: fields.limit }),
    ...(fields.api_key_env !== undefined && { apiKeyEnv: fields.api_key_env }),
    ...(fields.api_key_file !== undefined && { apiKeyFile: fields.api_key_file }),
    ...(fields.base_url !== undefined && { baseUrl: fields.base_url }),
    ...(fields.proxy_url !== undefined && { proxyUrl: fields.proxy_url }),
    ...(fields.tls !== undefined && { tls: fields.tls }),
    ...(fields.api_version !== undefined && { apiVersion: fields.api_version }),
    ...(fields.api !== undefined && { api: fields.api }),
    ...(fields.builtin_models !== undefined && { builtinModels: fields.builtin_models }),
  };
});

/** A model that the operator adds to a provider instance. */
export interface ModelEntry extends Partial<ModelRecord> {
  readonly id: string;
  readonly provider: string;
  readonly enabled: boolean;
  readonly limit?: TargetLimit;
}

const fallbackName = matching(
  /^[^\s/][^\s]{0,255}$/,
  "a model, or an instance and its model as INSTANCE/MODEL",
);

/** As many as a request can name. */
const MAX_FALLBACKS = 16;

const fallbacks: Reader<string[]> = (value, path) => {
  const names = list(fallbackName)(value, path);
  if (names.length > MAX_FALLBACKS) {
    throw new ConfigProblem(path, `must name ${MAX_FALLBACKS} models or fewer`);
  }
  return names;
};

const modelFields = object({
  id: matching(/^[^\s/][^\s]{0,127}$/, "a name without blanks"),
  provider: identifier,
  provider_model: text,
  display_name: text,
  aliases: list(text),
  context_window: count,
  max_output_tokens: count,
  capabilities: list(oneOf(...CAPABILITIES)),
  parameters: list(oneOf(...PARAMETERS)),
  efforts: list(text),
  api: identifier,
  prices: pricing,
  failover_on_content_filter: flag,
  enabled: flag,
  fallbacks,
  timeouts: targetTimeouts,
  limit: targetLimit,
  wire: wireFacts,
});

const model = reshaped(modelFields, (value, path): ModelEntry => {
  const fields = modelFields(value, path);
  const {
    provider_model: providerModel,
    display_name: displayName,
    context_window: contextWindow,
    max_output_tokens: maxOutputTokens,
    api: dialect,
    prices,
    failover_on_content_filter: failoverOnContentFilter,
    aliases,
    capabilities,
    parameters,
    efforts,
    fallbacks: named,
    timeouts,
    limit,
    wire: facts,
  } = fields;
  return {
    id: required(fields.id, path, "id"),
    provider: required(fields.provider, path, "provider"),
    enabled: fields.enabled ?? true,
    ...(providerModel !== undefined && { providerModel }),
    ...(displayName !== undefined && { displayName }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(dialect !== undefined && { dialect }),
    ...(prices !== undefined && { pricing: prices }),
    ...(failoverOnContentFilter !== undefined && { failoverOnContentFilter }),
    ...(aliases !== undefined && { aliases }),
    ...(capabilities !== undefined && { capabilities }),
    ...(parameters !== undefined && { parameters }),
    ...(efforts !== undefined && { efforts }),
    ...(named !== undefined && { fallbacks: named }),
    ...(timeouts !== undefined && { timeouts }),
    ...(limit !== undefined && { limit }),
    ...(facts !== undefined && { wire: facts }),
  };
});

const tlsFields = object({ cert_file: text, key_file: text, client_ca_file: text });

/** TLS is on when a certificate is named; then the key must be, too. */
export function tlsFiles(
  fields: ReadFields<typeof tlsFields.fields> | undefined,
  path: Path,
): TlsFiles | undefined {
  if (fields === undefined || Object.keys(fields).length === 0) return undefined;
  const { client_ca_file: clientCaFile } = fields;
  return {
    certFile: required(fields.cert_file, path, "cert_file"),
    keyFile: required(fields.key_file, path, "key_file"),
    ...(clientCaFile !== undefined && { clientCaFile }),
  };
}

/** `*` or what a browser sends as `Origin`, which has no path. */
const origin: Reader<string> = (value, path) => {
  const given = text(value, path);
  if (given === "*" || (URL.canParse(given) && new URL(given).origin === given)) return given;
  throw new ConfigProblem(path, 'must be "*" or an origin such as "https://app.example"');
};

const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i;
const hostName = matching(HOST, "a host name or address without scheme and port, IPv6 in brackets");

/** A name as it is compared: in lower case, without the root's dot. */
const host: Reader<string> = (value, path) =>
  hostName(value, path).toLowerCase().replace(/\.$/, "");

/** The operator's words for what the contract writes in capitals; both are read. */
const recovery: Reader<"fail" | "restart" | "continue"> = (value, path) =>
  oneOf(
    "fail",
    "restart",
    "continue",
  )(typeof value === "string" ? value.toLowerCase() : value, path);

/** The whole file. Each key's environment name is `STEER_` and its path in upper snake case. */
export const schema = object({
  grpc: object({ address, tls: tlsFields, ...ageFields }),
  http: object({ address, tls: tlsFields, cors_origins: list(origin), hosts: list(host) }),
  callers: list(caller),
  allow_unauthenticated: flag,
  providers: list(provider),
  models: list(model),
  drain: drainFields,
  limits: limitFields,
  faults: object({ allow: flag }),
  stream: streamFields,
  routing: object({ mid_stream_recovery: recovery }),
  timeouts: object(timeoutFields),
  accounting: accountingFields,
  ...reliabilityFields,
});
