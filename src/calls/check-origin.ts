import { GatewayError } from "../domain/gateway-error.ts";
import type { CallHead } from "./call.ts";

/** The origin is that of the page's own server, which a proxy may serve with TLS. */
function isOwn(origin: string, hosts: readonly string[]): boolean {
  if (hosts.length === 0 || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // The scheme's own port may be written or not.
  return hosts.every((given) => {
    const url = `${protocol}//${given}`;
    return URL.canParse(url) && new URL(url).host === host;
  });
}

/**
 * Refuses calls of pages from elsewhere: those whose `Origin` is not their `Host` and not among
 * `corsOrigins`, where `*` is every origin. The result throws PERMISSION_DENIED.
 */
export function createOriginCheck(corsOrigins: readonly string[]): (head: CallHead) => void {
  const known = new Set(corsOrigins);
  return ({ header, hosts }) => {
    const origin = header("origin");
    if (origin === undefined || known.has("*") || known.has(origin)) return;
    if (isOwn(origin, hosts)) return;
    const message = "a page of another origin calls: http.cors_origins does not have its origin";
    throw new GatewayError("permission-denied", message, { reason: "ORIGIN_NOT_ALLOWED" });
  };
}
