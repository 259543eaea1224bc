// Keys of provider instances and of their models.
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
    meaning: "names the instance everywhere",
  },
  {
    key: "providers[].type",
    values: "a provider type; required",
    meaning: "how the instance is spoken to: see [providers.md](providers.md)",
  },
  {
    key: "providers[].api_key_env",
    values: "name of an environment variable",
    defaultInWords: "the type's, such as `OPENAI_API_KEY`, at the type's own address; else none",
    meaning: "the variable that holds the key",
  },
  {
    key: "providers[].api_key_file",
    values: FILE,
    meaning: "file whose content is the key, in place of `api_key_env`; read again when it changes",
  },
  {
    key: "providers[].base_url",
    values: "`http` or `https` address without credentials, query or fragment",
    defaultInWords: "the type's own",
    meaning: "address to which the paths of the vendor's API are added",
  },
  {
    key: "providers[].proxy_url",
    values: "`http` or `https` address of a proxy, with credentials or without",
    defaultInWords: "`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment",
    meaning:
      "proxy by which the instance is called: see [providers.md](providers.md#connections). Credentials in it are secrets",
  },
  {
    key: "providers[].tls.ca_file",
    values: FILE,
    defaultInWords: "the authorities that Node trusts",
    meaning:
      "authorities that may have signed the certificate of the server, PEM; read again when it changes",
  },
  {
    key: "providers[].tls.cert_file",
    values: FILE,
    meaning: "certificate that is shown to the server, PEM; read again when it changes",
  },
  {
    key: "providers[].tls.key_file",
    values: FILE,
    meaning: "key of that certificate, PEM; needed beside `cert_file`",
  },
  {
    key: "providers[].api_version",
    values: "version such as `2024-10-21` or `preview`",
    meaning:
      "version of the API that requests to `azure` name; an address that does not end with `/v1` needs one",
  },
  {
    key: "providers[].api",
    values: "a dialect of the type",
    defaultInWords: "the type's, by address",
    meaning: "API that all its models are called by",
  },
  {
    key: "providers[].done_optional",
    values: FLAG,
    meaning: "accepted for files that have it and not needed: a finish reason ends every answer",
  },
  {
    key: "providers[].prefill",
    values: FLAG,
    default: "false",
    meaning:
      "the server goes on after a last message of the assistant, which CONTINUE needs to continue a broken stream",
  },
  {
    key: "providers[].trace_context",
    values: FLAG,
    default: "false",
    meaning:
      "with telemetry on, it gets the trace context of a call and the caller's baggage: see [providers.md](providers.md#addresses)",
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
      "requests may name any other model as `INSTANCE/NAME`: see [providers.md](providers.md#models-that-no-list-has)",
  },
  {
    key: "providers[].error_texts",
    values: FLAG,
    default: "false",
    meaning:
      "the texts of its errors, which can quote a request, are in [the log](logging.md#provider-error); for servers of one's own",
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
      "how answers of unary calls are asked for: see [reliability.md](reliability.md#silence)",
  },
  {
    key: "providers[].timeouts",
    values: "keys of `timeouts` but for `total` and `max_total`",
    meaning: "of each of its models, in place of the section's",
  },
  {
    key: "providers[].limit",
    values: "keys of `limit`",
    meaning: "of each of its models, in place of the section's",
  },
];

export const modelKeys: readonly KeyRow[] = [
  {
    key: "models",
    values: "list",
    default: "[]",
    meaning: "models beside the built-in ones, or in place of those of the same name",
  },
  {
    key: "models[].id",
    values: "name without blanks, 128 characters at most, not beginning with `/`; required",
    meaning: "the name that callers use",
  },
  {
    key: "models[].provider",
    values: "the id of an instance; required",
    meaning: "the instance that serves the model",
  },
  {
    key: "models[].provider_model",
    values: "text",
    defaultInWords: "`id`",
    meaning: "the provider's own name of the model",
  },
  {
    key: "models[].display_name",
    values: "text",
    meaning: "a name for people; callers can use it as well",
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
    meaning: "tokens of a request and its answer; decides which targets may follow CONTEXT_LENGTH",
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
      "what the model takes, in place of what is assumed: a request with images goes only to models with `image-input`",
  },
  {
    key: "models[].parameters",
    values: "list of fields of a request, such as `sampling.seed`",
    defaultInWords: "those of the dialect",
    meaning: "parameters that the model takes; others are left out with a warning, or refused",
  },
  {
    key: "models[].efforts",
    values: "list of the vendor's words",
    meaning: "the efforts of reasoning that the model takes",
  },
  {
    key: "models[].api",
    values: "a dialect of the provider's type",
    defaultInWords: "the instance's",
    meaning: "API that this model is called by",
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
    meaning: "the same with the provider's longer lifetime",
  },
  {
    key: "models[].prices.currency",
    values: "ISO 4217 code; required beside prices",
    meaning: "currency of the prices",
  },
  {
    key: "models[].prices.date",
    values: "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`; required beside prices",
    meaning: "since when the prices are so; part of the price table's version",
  },
  {
    key: "models[].prices.tiers",
    values: "list of prices, each with `above_input_tokens`",
    default: "[]",
    meaning:
      "prices of requests with more input tokens than that; prices that a tier leaves out stay",
  },
  {
    key: "models[].prices.tiers[]",
    values: "the prices above",
    meaning: "price in the tier",
  },
  {
    key: "models[].prices.tiers[].above_input_tokens",
    values: `${COUNT}; required`,
    meaning: "where the tier begins",
  },
  {
    key: "models[].failover_on_content_filter",
    values: FLAG,
    default: "false",
    meaning: "a prompt that the model's content filter refuses goes to the next target",
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
      "tried after this model where a call names no `routing.fallbacks` and does not set `disable_failover`; theirs are not followed",
  },
  {
    key: "models[].timeouts",
    values: "keys of `timeouts` but for `total` and `max_total`",
    meaning: "in place of the instance's",
  },
  { key: "models[].limit", values: "keys of `limit`", meaning: "in place of the instance's" },
  {
    key: "models[].wire",
    values: "see [providers.md](providers.md#facts-of-a-server)",
    meaning: "where the model's server differs from the dialect that it speaks",
  },
];
