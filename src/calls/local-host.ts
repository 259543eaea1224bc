import { canonicalIp, isLoopback } from "../domain/ip-address.ts";

/** A name or an address (IPv6 in brackets), optionally with a port. */
const HOST = /^(\[[^[\]]+\]|[^:[\]@/\s]+)(?::\d{1,5})?$/;

/** The host name in a Host or `:authority`, in lower case; undefined if there is none. */
function nameOf(host: string): string | undefined {
  return HOST.exec(host)?.[1]?.toLowerCase().replace(/\.$/, "");
}

/** Whether a Host is an address, which no web page of a foreign name sends. */
export function isAddressHost(host: string): boolean {
  const name = nameOf(host);
  return name !== undefined && canonicalIp(withoutBrackets(name)) !== undefined;
}

const withoutBrackets = (name: string): string => name.replace(/^\[(.*)\]$/, "$1");

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
  return isLoopback(withoutBrackets(name)) || allowed.includes(name);
}
