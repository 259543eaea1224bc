// Keys of listeners, callers and the end of a process.
import { DURATION, FILE, FLAG, type KeyRow } from "./key-row.ts";

const ADDRESS = "`HOST:PORT`, IPv6 in brackets; port 0 takes a free one";
const PASS = "`known`, `listed`, `all`";
const GRACE = "duration from `1ms` to `1h`";

export const listenerKeys: readonly KeyRow[] = [
  {
    key: "workers",
    values: "`auto`, whole number from 1 to 256",
    default: "1",
    meaning:
      "processes that serve calls on the same ports; `auto`: one for each processor: [deploy.md](deploy.md#one-machine)",
  },
  {
    key: "worker_timeout",
    values: "duration from `1s` to `1h`",
    default: "30s",
    meaning:
      "a worker that does not answer its primary for this long, because its event loop stands still, is killed and replaced",
  },
  {
    key: "warm_up",
    values: "duration up to `10s`; `0s`: none",
    default: "0s",
    meaning:
      "time before a start in which a process calls itself, with a provider, a store and a log that exist only for this, so that the code of a call is compiled when the first caller comes",
  },
  {
    key: "grpc.address",
    values: ADDRESS,
    default: "127.0.0.1:50051",
    meaning: "address of the gRPC listener",
  },
  {
    key: "grpc.tls.cert_file",
    values: FILE,
    meaning: "certificate of the listener with its chain, PEM; turns TLS on",
  },
  {
    key: "grpc.tls.key_file",
    values: FILE,
    meaning: "key of the certificate, PEM; required with `cert_file`",
  },
  {
    key: "grpc.tls.client_ca_file",
    values: FILE,
    meaning: "authorities of client certificates, PEM; if set, every client needs a certificate",
  },
  {
    key: "grpc.max_connection_age",
    values: "duration from `1s` to `8784h`",
    meaning:
      "age at which a connection, plus or minus a tenth, gets GOAWAY as in a drain; unset: never",
  },
  {
    key: "grpc.max_connection_age_grace",
    values: DURATION,
    defaultInWords: "`1h` where an age is set",
    meaning: "time that running calls of such a connection have before they are cut",
  },
  {
    key: "http.address",
    values: ADDRESS,
    default: "127.0.0.1:8080",
    meaning: "address of the listener for Connect, gRPC-Web and JSON, with `/livez` and `/readyz`",
  },
  { key: "http.tls", values: "keys of `grpc.tls`", meaning: "TLS of the HTTP listener" },
  {
    key: "http.cors_origins",
    values: 'list of origins, or of `"*"`',
    default: "[]",
    meaning:
      "origins of web pages that may call; pages of other origins are refused on both listeners",
  },
  {
    key: "http.hosts",
    values: "list of host names or addresses without port",
    default: "[]",
    meaning:
      "names of this machine, beside the loopback ones, under which it can be called while there are no callers; for both listeners",
  },
  {
    key: "console.enabled",
    values: FLAG,
    default: "true",
    meaning: "the page for operators is served at the HTTP address: [console.md](console.md)",
  },
  {
    key: "doors.openai",
    values: FLAG,
    default: "true",
    meaning: "OpenAI's API is served at the HTTP address: [doors.md](doors.md)",
  },
  {
    key: "doors.anthropic",
    values: FLAG,
    default: "true",
    meaning: "Anthropic's API is served at the HTTP address",
  },
  {
    key: "doors.store",
    values: FLAG,
    default: "true",
    meaning:
      "responses of OpenAI's Responses API are stored unless they say `store: false`; with `false` none is",
  },
  {
    key: "doors.retention",
    values: DURATION,
    default: "1h",
    meaning: "how long a stored response, with its input, can be retrieved after its end",
  },
  {
    key: "doors.pass",
    values: PASS,
    defaultInWords: "`all`; of callers with a spend limit `listed`",
    meaning:
      "which fields, headers and tools of the vendors' APIs go to providers though the contract has no word for them: [doors.md](doors.md#which-fields-pass)",
  },
  {
    key: "doors.pass_fields",
    values: "list of names of fields, tools and betas",
    default: "[]",
    meaning: "what passes under `listed`, beside what is known",
  },
  {
    key: "callers",
    values: "list",
    default: "[]",
    meaning: "callers of the service; without callers, local calls have the role operator",
  },
  {
    key: "callers[].id",
    values: "1 to 64 letters, digits, `.`, `_`, `-`; required, each once",
    meaning: "the caller's name in logs, metrics and records",
  },
  {
    key: "callers[].role",
    values: "`caller`, `operator`; required",
    meaning: "an operator may also call the admin service",
  },
  {
    key: "callers[].key_sha256",
    values: "64 hex digits",
    meaning:
      "SHA-256 of the caller's key; `steer keygen` prints key and hash. Set this or `client_cert_san`",
  },
  {
    key: "callers[].client_cert_san",
    values: "DNS name, URI, IP or mail address",
    meaning: "subject alternative name of the caller's certificate; needs a `client_ca_file`",
  },
  {
    key: "callers[].limits",
    values: "keys of `limits.defaults`",
    meaning: "limits of the caller, in place of all of `limits.defaults`: [limits.md](limits.md)",
  },
  {
    key: "callers[].pass",
    values: PASS,
    defaultInWords: "that of the group, or `doors.pass`",
    meaning: "which fields of the caller's requests pass: `doors.pass`",
  },
  {
    key: "callers[].group",
    values: "identifier of one of `groups`",
    meaning: "the group of the caller, whose lists hold as well",
  },
  {
    key: "callers[].models",
    values: "list of 1 to 64 identifiers, `provider/model`, or globs of them",
    defaultInWords: "all models",
    meaning:
      "models that the caller may use; an alias counts as its model: [callers.md](callers.md)",
  },
  {
    key: "callers[].providers",
    values: "list of 1 to 64 identifiers of `providers`, or globs",
    defaultInWords: "all providers",
    meaning: "providers that the caller may use",
  },
  {
    key: "groups",
    values: "list",
    default: "[]",
    meaning: "groups of callers",
  },
  {
    key: "groups[].id",
    values: "1 to 64 letters, digits, `.`, `_`, `-`; required, each once",
    meaning: "name of the group for `callers[].group` and for callers that are made at run time",
  },
  {
    key: "groups[].models",
    values: "list of 1 to 64 identifiers, `provider/model`, or globs of them",
    defaultInWords: "all models",
    meaning: "models that the callers of the group may use",
  },
  {
    key: "groups[].providers",
    values: "list of 1 to 64 identifiers of `providers`, or globs",
    defaultInWords: "all providers",
    meaning: "providers that the callers of the group may use",
  },
  {
    key: "groups[].limits",
    values: "keys of `limits.defaults`",
    meaning: "limits that the callers of the group share, beside their own",
  },
  {
    key: "groups[].pass",
    values: PASS,
    meaning: "which fields of the requests of its callers pass: `doors.pass`",
  },
  {
    key: "caller_store.stale_for",
    values: DURATION,
    default: "5m",
    meaning:
      "how long keys that were made at run time hold while the store is away; afterwards calls with them are UNAVAILABLE",
  },
  {
    key: "allow_unauthenticated",
    values: FLAG,
    default: "false",
    meaning:
      "serves calls without credentials as the caller `anonymous`; then only `callers` can be operators",
  },
  {
    key: "limits.request_bytes",
    values: "size from `64KiB` to `256MiB`",
    default: "32MiB",
    meaning:
      "largest inflated request of `Generate`, `StreamGenerate` and `CountTokens`, on both listeners; other methods: 64 KiB",
  },
  {
    key: "limits.defaults",
    values: "section of the limits that [limits.md](limits.md) lists",
    meaning: "limits of each caller that has none of its own",
  },
  {
    key: "limits.without_store",
    values: "`local`, `refuse`",
    default: "local",
    meaning:
      "how calls of limited callers are counted while the store is away: each replica counts its share, or the calls are refused",
  },
  {
    key: "limits.time_zone",
    values: "IANA time zone, such as `Europe/Berlin`",
    default: "UTC",
    meaning: "time zone in which days and months of `spend` limits begin; hours are those of UTC",
  },
  {
    key: "drain.notice",
    values: GRACE,
    default: "2s",
    meaning:
      "time after SIGTERM in which every call is served while health reports not serving; at most `grace`",
  },
  {
    key: "drain.grace",
    values: GRACE,
    default: "25s",
    meaning: "time after SIGTERM until running calls are handed over or ended",
  },
  {
    key: "faults.allow",
    values: FLAG,
    default: "false",
    meaning: "allows requests to script the simulator's faults",
  },
];
