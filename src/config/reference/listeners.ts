// Keys of the listeners, of who may call, and of how a process ends.
import { DURATION, FILE, FLAG, type KeyRow } from "./key-row.ts";

const ADDRESS = "`HOST:PORT`, IPv6 in brackets; port 0 takes a free one";
const GRACE = "duration from `1ms` to `1h`";

export const listenerKeys: readonly KeyRow[] = [
  {
    key: "grpc.address",
    values: ADDRESS,
    default: "127.0.0.1:50051",
    meaning: "where gRPC is served",
  },
  {
    key: "grpc.tls.cert_file",
    values: FILE,
    meaning: "certificate of the listener with its chain, PEM; with it TLS is on",
  },
  {
    key: "grpc.tls.key_file",
    values: FILE,
    meaning: "key of the certificate, PEM; needed beside `cert_file`",
  },
  {
    key: "grpc.tls.client_ca_file",
    values: FILE,
    meaning: "authorities of clients, PEM; with it every client needs a certificate",
  },
  {
    key: "grpc.max_connection_age",
    values: "duration from `1s` to `8784h`",
    meaning:
      "a connection of that age, give or take a tenth, is told to leave as in a drain; unset: never",
  },
  {
    key: "grpc.max_connection_age_grace",
    values: DURATION,
    defaultInWords: "`1h` where an age is set",
    meaning: "after it, calls of such a connection that still run are cut",
  },
  {
    key: "http.address",
    values: ADDRESS,
    default: "127.0.0.1:8080",
    meaning: "where Connect, gRPC-Web and JSON are served, with `/livez` and `/readyz`",
  },
  { key: "http.tls", values: "keys of `grpc.tls`", meaning: "the same for the HTTP listener" },
  {
    key: "http.cors_origins",
    values: 'list of origins, or of `"*"`',
    default: "[]",
    meaning:
      "pages of browsers that may call; pages of other origins are refused on both listeners",
  },
  {
    key: "http.hosts",
    values: "list of host names or addresses without port",
    default: "[]",
    meaning:
      "names of this machine beside the loopback ones, by which it may be called on both listeners while there are no callers",
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
    key: "callers",
    values: "list",
    default: "[]",
    meaning: "who may call; without callers everybody on this machine is an operator",
  },
  {
    key: "callers[].id",
    values: "1 to 64 letters, digits, `.`, `_`, `-`; required, each once",
    meaning: "the caller's name in logs, metrics and records",
  },
  {
    key: "callers[].role",
    values: "`caller`, `operator`; required",
    meaning: "an operator may call the admin service as well",
  },
  {
    key: "callers[].key_sha256",
    values: "64 hex digits",
    meaning: "hash of the caller's key; `steer keygen` prints both. Set this or `client_cert_san`",
  },
  {
    key: "callers[].client_cert_san",
    values: "DNS name, URI, IP or mail address",
    meaning: "subject alternative name of the caller's certificate; needs a `client_ca_file`",
  },
  {
    key: "allow_unauthenticated",
    values: FLAG,
    default: "false",
    meaning:
      "calls without credentials are served as the caller `anonymous`; nobody is an operator then but by `callers`",
  },
  {
    key: "limits.request_bytes",
    values: "size from `64KiB` to `256MiB`",
    default: "32MiB",
    meaning:
      "the largest request of `Generate`, `StreamGenerate` and `CountTokens`, inflated, on both listeners; requests of other methods have 64 KiB",
  },
  {
    key: "drain.notice",
    values: GRACE,
    default: "2s",
    meaning:
      "after SIGTERM, how long every call is still served while health says that the replica leaves; no longer than `grace`",
  },
  {
    key: "drain.grace",
    values: GRACE,
    default: "25s",
    meaning: "how long after SIGTERM running calls have before they are handed over or ended",
  },
  {
    key: "faults.allow",
    values: FLAG,
    default: "false",
    meaning: "lets requests script the simulator's failures",
  },
];
