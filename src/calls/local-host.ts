import { isLoopback } from "../domain/ip-address.ts";

/** A name or an address (IPv6 in brackets), optionally with a port. */
const HOST = /^(\[[^[\]]+\]|[^:[\]@/\s]+)(?::\d{1,5})?$/;

/** The host name in a Host or `:authority`, in lower case; undefined if there is none. */
function nameOf(host: string): string | undefined {
  return HOST.exec(host)?.[1]?.toLowerCase().replace(/\.$/, "");
}

/** The path of a Unix socket as gRPC's C core encodes it. No URL, and thus no web page, has such a host. */
const SOCKET_PATH = /^[^,]*%2F/i;

/**
 * Whether a Host or `:authority` names this machine: localhost, `*.localhost` (RFC 6761), a loopback address, or a
 * name in `allowed` (lower case). After DNS rebinding, a page still sends its own name and is not local.
 */
export function isLocalHost(host: string, allowed: readonly string[]): boolean {
  // For a target with several addresses, the C core sends all of them.
  return SOCKET_PATH.test(host) || host.split(",").every((each) => isLocalName(each, allowed));
}

function isLocalName(host: string, allowed: readonly string[]): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isLoopback(name.replace(/^\[(.*)\]$/, "$1")) || allowed.includes(name);
}
