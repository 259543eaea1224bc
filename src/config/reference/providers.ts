// Keys of provider instances and their models.
import { COUNT, FILE, FLAG, type KeyRow } from "./key-row.ts";

export const providerKeys: readonly KeyRow[] = [
  {
    key: "providers",
    values: "list",
    defaultInWords: "one instance of each vendor's type, named as the type",
    meaning:
      "provider instances; those that offer the same model are tried in the order of the file",
  },
  {
    key: "providers[].id",
    values: "1 to 64 letters, digits, `.`, `_`, `-`; required, each once",
    meaning: "name of the instance everywhere",
  },
  {
    key: "providers[].type",
    values: "a provider type; required",
    meaning: "API of the instance: see [providers.md](providers.md)",
  },
  {
    key: "providers[].api_key_env",
    values: "name of an environment variable",
    defaultInWords: "the type's, such as `OPENAI_API_KEY`, at the type's own address; else none",
    meaning: "environment variable with the key",
  },
  {
    key: "providers[].api_key_file",
    values: FILE,
    meaning: "file with the key, instead of `api_key_env`; reloaded when it changes",
  },
  {
    key: "providers[].base_url",
    values: "`http` or `https` address without credentials, query or fragment",
    defaultInWords: "the type's own",
    meaning: "address to which the paths of the vendor's API are appended",
  },
  {
    key: "providers[].proxy_url",
    values: "`http` or `https` address of a proxy, with credentials or without",
    defaultInWords: "`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment",
    meaning:
      "proxy of the instance: see [providers.md](providers.md#connections). Credentials in it are secrets",
  },
  {
    key: "providers[].tls.ca_file",
    values: FILE,
    defaultInWords: "the authorities that Node trusts",
    meaning: "authorities for the server's certificate, PEM; reloaded when it changes",
  },
  {
    key: "providers[].tls.cert_file",
    values: FILE,
    meaning: "client certificate for the server, PEM; reloaded when it changes",
  },
  {
    key: "providers[].tls.key_file",
    values: FILE,
    meaning: "key of that certificate, PEM; required with `cert_file`",
  },
  {
    key: "providers[].api_version",
    values: "version such as `2024-10-21` or `preview`",
    meaning: "API version in requests to `azure`; required if the address does not end with `/v1`",
  },
  {
    key: "providers[].api",
    values: "a dialect of the type",
    defaultInWords: "the type's, by address",
    meaning: "API of all its models",
  },
  {
    key: "providers[].done_optional",
    values: FLAG,
    meaning: "no effect; accepted for older files",
  },
  {
    key: "providers[].prefill",
    values: FLAG,
    default: "false",
    meaning: "the server can continue a last message of the assistant, as CONTINUE requires",
  },
  {
    key: "providers[].trace_context",
    values: FLAG,
    default: "false",
    meaning:
      "with telemetry on, the instance receives the trace context of a call and the caller's baggage: see [providers.md](providers.md#addresses)",
  },
  {
    key: "providers[].builtin_models",
    values: FLAG,
    defaultInWords: "`true` at the type's own address, else `false`",
    meaning: "offers the built-in models of the type",
  },
  {
    key: "providers[].unlisted_models",
    values: FLAG,
    default: "false",
    meaning:
      "requests can name any other model as `INSTANCE/NAME`: see [providers.md](providers.md#models-that-no-list-has)",
  },
  {
    key: "providers[].error_texts",
    values: FLAG,
    default: "false",
    meaning:
      "writes the texts of its errors, which can quote a request, to [the log](logging.md#provider-error); for your own servers",
  },
  {
    key: "providers[].enabled",
    values: FLAG,
    default: "true",
    meaning: "`false` takes the instance out of service",
  },
  {
    key: "providers[].headers",
    values: "mapping of header names to values",
    default: "{}",
    meaning: "added to every request to the provider",
  },
  {
    key: "providers[].unary_upstream",
    values: "`auto`, `whole`, `stream`",
    default: "auto",
    meaning:
      "how the provider is asked for answers of unary calls: see [reliability.md](reliability.md#silence)",
  },
  {
    key: "providers[].timeouts",
    values: "keys of `timeouts` but for `total` and `max_total`",
    meaning: "for each of its models; overrides the section",
  },
  {
    key: "providers[].limit",
    values: "keys of `limit`",
    meaning: "for each of its models; overrides the section",
  },
];

export const modelKeys: readonly KeyRow[] = [
  {
    key: "models",
    values: "list",
    default: "[]",
    meaning:
      "models in addition to the built-in ones; a model of the same name replaces the built-in one",
  },
  {
    key: "models[].id",
    values: "name without blanks, 128 characters at most, not beginning with `/`; required",
    meaning: "model identifier for callers",
  },
  {
    key: "models[].provider",
    values: "the id of an instance; required",
    meaning: "instance that serves the model",
  },
  {
    key: "models[].provider_model",
    values: "text",
    defaultInWords: "`id`",
    meaning: "the provider's name of the model",
  },
  {
    key: "models[].display_name",
    values: "text",
    meaning: "name for people; callers can use it too",
  },
  {
    key: "models[].aliases",
    values: "list of names",
    default: "[]",
    meaning: "other names that callers can use",
  },
  {
    key: "models[].context_window",
    values: COUNT,
    defaultInWords: "the vendor's, else unknown",
    meaning:
      "tokens of a request and its answer together; decides which targets may follow CONTEXT_LENGTH",
  },
  {
    key: "models[].max_output_tokens",
    values: COUNT,
    defaultInWords: "the vendor's, else unknown",
    meaning: "most tokens of an answer",
  },
  {
    key: "models[].capabilities",
    values: "list of the capabilities of `ListModels`",
    defaultInWords: "the vendor's, else text, streams, tools and JSON",
    meaning:
      "capabilities of the model, instead of the default: a request with images goes only to models with `image-input`",
  },
  {
    key: "models[].parameters",
    values: "list of fields of a request, such as `sampling.seed`",
    defaultInWords: "those of the dialect",
    meaning: "parameters that the model supports; others are left out with a warning, or refused",
  },
  {
    key: "models[].efforts",
    values: "list of the vendor's words",
    meaning: "reasoning efforts that the model supports",
  },
  {
    key: "models[].api",
    values: "a dialect of the provider's type",
    defaultInWords: "the instance's",
    meaning: "API of this model",
  },
  {
    key: "models[].prices.input",
    values: "amount per million tokens, 6 decimals at most; required beside other prices",
    meaning: "price of input tokens",
  },
  {
    key: "models[].prices.output",
    values: "the same; required beside other prices",
    meaning: "price of output tokens, reasoning included",
  },
  {
    key: "models[].prices.cache_read",
    values: "the same",
    defaultInWords: "`input`",
    meaning: "price of input tokens that the provider reads from its cache",
  },
  {
    key: "models[].prices.cache_write",
    values: "the same",
    defaultInWords: "`input`",
    meaning: "price of input tokens that the provider writes to its cache",
  },
  {
    key: "models[].prices.cache_write_long",
    values: "the same",
    defaultInWords: "`cache_write`",
    meaning: "price of input tokens that the provider caches for its longer lifetime",
  },
  {
    key: "models[].prices.currency",
    values: "ISO 4217 code; required beside prices",
    meaning: "currency of the prices",
  },
  {
    key: "models[].prices.date",
    values: "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`; required beside prices",
    meaning: "first day of the prices; part of the price table's version",
  },
  {
    key: "models[].prices.tiers",
    values: "list of prices, each with `above_input_tokens`",
    default: "[]",
    meaning: "prices for requests with more input tokens; unset prices stay as in the tier below",
  },
  {
    key: "models[].prices.tiers[]",
    values: "the prices above",
    meaning: "price in the tier",
  },
  {
    key: "models[].prices.tiers[].above_input_tokens",
    values: `${COUNT}; required`,
    meaning: "the tier applies to requests with more input tokens than this",
  },
  {
    key: "models[].failover_on_content_filter",
    values: FLAG,
    default: "false",
    meaning: "a prompt refused by the model's content filter goes to the next target",
  },
  {
    key: "models[].enabled",
    values: FLAG,
    default: "true",
    meaning: "`false` takes the model out of service",
  },
  {
    key: "models[].fallbacks",
    values: "list of up to 16 models, or `INSTANCE/MODEL`",
    default: "[]",
    meaning:
      "targets after this model, if a call names no `routing.fallbacks` and does not set `disable_failover`; fallbacks of fallbacks are not followed",
  },
  {
    key: "models[].timeouts",
    values: "keys of `timeouts` but for `total` and `max_total`",
    meaning: "overrides the instance",
  },
  { key: "models[].limit", values: "keys of `limit`", meaning: "overrides the instance" },
  {
    key: "models[].wire",
    values: "see [providers.md](providers.md#facts-of-a-server)",
    meaning: "differences of the model's server from its dialect",
  },
];
