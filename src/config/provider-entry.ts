import { UNARY_UPSTREAMS } from "../domain/model.ts";
import { proxyAddress } from "./proxies.ts";
import { ConfigProblem, flag, identifier, matching, oneOf, type Reader, text } from "./readers.ts";
import { map, object, reshaped } from "./sections.ts";
import { targetLimit, targetTimeouts } from "./targets.ts";

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
  // A single slash after the host means the root path.
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

const upstreamTls = reshaped(upstreamTlsFields, (files, path) => {
  if ((files.certFile === undefined) === (files.keyFile === undefined)) return files;
  throw new ConfigProblem(path, "set cert_file and key_file, or neither");
});

const providerFields = object(
  {
    id: identifier,
    type: text,
    api_key_env: matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable"),
    /** File with the key. */
    api_key_file: text,
    base_url: url,
    /** Proxy of this instance, instead of the environment's proxies. */
    proxy_url: proxyAddress,
    /** Files for TLS with the provider. */
    tls: upstreamTls,
    /** Version of the API for requests. */
    api_version: matching(/^[A-Za-z0-9.-]{1,64}$/, "a version such as 2024-10-21 or preview"),
    /** Dialect of all models of the instance. */
    api: identifier,
    /** Accepted for older files, without effect: a finish reason ends every answer. */
    done_optional: flag,
    /** Whether the server can continue a last message of the assistant, so that broken streams can be continued. */
    prefill: flag,
    /** Whether requests to the provider have a trace context, if telemetry is on. */
    trace_context: flag,
    /** Whether the instance offers the built-in models of its type. Unset: only at the type's own address. */
    builtin_models: flag,
    /** Whether requests may name models of the instance that no list has. */
    unlisted_models: flag,
    /** Whether the texts of the provider's errors are logged. */
    error_texts: flag,
    enabled: flag,
    headers,
    /** How the provider is asked for the answers of unary calls. Unset: `auto`. */
    unary_upstream: oneOf(...UNARY_UPSTREAMS),
    /** Limits of each model of the instance. */
    timeouts: targetTimeouts,
    limit: targetLimit,
  },
  ["id", "type"],
);

/** Settings of an instance if the file does not set them. */
export const INSTANCE_DEFAULTS = {
  prefill: false,
  traceContext: false,
  unlistedModels: false,
  errorTexts: false,
  enabled: true,
  headers: {},
} as const satisfies Partial<ReturnType<typeof providerFields>>;

/** An entry of `providers`. */
export const providerEntry = reshaped(providerFields, (fields, path) => {
  if (fields.apiKeyEnv === undefined || fields.apiKeyFile === undefined) {
    return { ...INSTANCE_DEFAULTS, ...fields };
  }
  throw new ConfigProblem([...path, "api_key_file"], "set api_key_env or api_key_file, not both");
});

/** A provider instance in the configuration. */
export type ProviderEntry = ReturnType<typeof providerEntry>;
