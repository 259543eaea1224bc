import { isLoopback } from "../domain/ip-address.ts";

/** A name, or an address with IPv6 in brackets, then a port or none. */
const HOST = /^(\[[^[\]]+\]|[^:[\]@/\s]+)(?::\d{1,5})?$/;

/** The name in a Host or `:authority`, in lower case; undefined where there is none. */
function nameOf(host: string): string | undefined {
  return HOST.exec(host)?.[1]?.toLowerCase().replace(/\.$/, "");
}

/** What gRPC's C core makes of the path of a Unix socket. No URL, and so no page, has such a host. */
const SOCKET_PATH = /^[^,]*%2F/i;

/**
 * Whether a Host or `:authority` names this machine: localhost, `*.localhost` (RFC 6761), a loopback
 * address, or one of `allowed`, which are in lower case. A page whose name is rebound to a loopback
 * address sends its own name, and so is none.
 */
export function isLocalHost(host: string, allowed: readonly string[]): boolean {
  // The C core sends the whole of a target with several addresses.
  return SOCKET_PATH.test(host) || host.split(",").every((each) => isLocalName(each, allowed));
}

function isLocalName(host: string, allowed: readonly string[]): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isLoopback(name.replace(/^\[(.*)\]$/, "$1")) || allowed.includes(name);
}
