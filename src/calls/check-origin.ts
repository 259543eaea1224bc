import { GatewayError } from "../domain/gateway-error.ts";
import type { CallHead } from "./call.ts";

/** The page comes from the same server. The scheme is not compared, because a proxy may serve TLS. */
function isOwn(origin: string, hosts: readonly string[]): boolean {
  if (hosts.length === 0 || !URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // The default port of the scheme can be present or absent.
  return hosts.every((given) => {
    const url = `${protocol}//${given}`;
    return URL.canParse(url) && new URL(url).host === host;
  });
}

/**
 * Refuses calls of web pages whose `Origin` is neither their `Host` nor listed in `corsOrigins` (`*` allows every
 * origin). The result throws PERMISSION_DENIED.
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
