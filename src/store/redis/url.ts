/** Address of a server, a node of a cluster or a Sentinel. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  /** "": the default user. */
  readonly username: string;
  /** "": no password. */
  readonly password: string;
}

/** The parts of a Redis URL. */
export interface RedisAddress extends Credentials {
  /** At least one host: a server, nodes of one cluster, or Sentinels. */
  readonly hosts: readonly [Endpoint, ...Endpoint[]];
  readonly tls: boolean;
  readonly database: number;
  /** Undefined: the hosts are no Sentinels. */
  readonly sentinel: SentinelAddress | undefined;
}

interface SentinelAddress extends Credentials {
  /** Name of the watched servers at the Sentinels. */
  readonly master: string;
}

const FORM = /^(rediss?)(\+sentinel)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const SYNTAX = "redis[s]://[user:password@]host[:port][,host[:port]…][/database]";
const SENTINEL_SYNTAX =
  "redis[s]+sentinel://[user:password@]host[:port][,host[:port]…]/master[/database]" +
  "[?sentinel_username=…&sentinel_password=…]";
const SERVER_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** An invalid percent escape stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Undefined: the text is no host with a valid port. */
function endpointOf(text: string, usualPort: number): Endpoint | undefined {
  const parsed = URL.parse(`redis://${text}`);
  if (parsed === null || parsed.hostname === "" || parsed.pathname !== "") return undefined;
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(parsed.port || usualPort),
  };
}

function isFirst(hosts: readonly (Endpoint | undefined)[]): hosts is RedisAddress["hosts"] {
  return hosts.every((host) => host !== undefined) && hosts.length > 0;
}

/** Undefined: the query has other parameters. */
function sentinelCredentials(query: string): Credentials | undefined {
  const given = new URLSearchParams(query);
  const username = given.get("sentinel_username") ?? "";
  const password = given.get("sentinel_password") ?? "";
  const known = Number(given.has("sentinel_username")) + Number(given.has("sentinel_password"));
  return given.size === known ? { username, password } : undefined;
}

/**
 * Parses the URL. The client must not, because its errors repeat the URL with its password. Throws an error that
 * names the form and no part of the URL.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, sentinels, authority = "", path = "", query = ""] = FORM.exec(url) ?? [];
  const isSentinel = sentinels !== undefined;
  const form = isSentinel ? SENTINEL_SYNTAX : SYNTAX;
  const refused = new Error(`the store's URL is not ${form}`);
  const at = authority.lastIndexOf("@");
  const hosts = authority
    .slice(at + 1)
    .split(",")
    .map((host) => endpointOf(host, isSentinel ? SENTINEL_PORT : SERVER_PORT));
  if (scheme === undefined || !isFirst(hosts)) throw refused;
  const words = path.split("/").map(decoded);
  const master = isSentinel ? words.shift() : undefined;
  const database = Number(words[0] ?? "");
  if (words.length > 1 || !Number.isSafeInteger(database) || database < 0) throw refused;
  const watched = sentinelCredentials(query);
  if (watched === undefined || (!isSentinel && query !== "") || master === "") throw refused;
  const [username = "", ...password] = authority.slice(0, Math.max(at, 0)).split(":");
  return {
    hosts,
    tls: scheme.toLowerCase() === "rediss",
    username: decoded(username),
    password: decoded(password.join(":")),
    database,
    sentinel: master === undefined ? undefined : { ...watched, master },
  };
}
