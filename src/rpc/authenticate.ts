import { createHash, timingSafeEqual } from "node:crypto";
import type { DescMethod } from "@bufbuild/protobuf";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Caller, IncomingCall } from "./call.ts";

/** A caller and its credential: the hash of a key, or a name in its client certificate. */
export interface KnownCaller extends Caller {
  /** SHA-256 in lower-case hex. */
  readonly keySha256?: string;
  readonly clientCertSan?: string;
}

export interface AuthenticatorOptions {
  readonly callers: readonly KnownCaller[];
  readonly allowUnauthenticated: boolean;
}

const LOOPBACK = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/;

const LOCAL: Caller = { id: "local", role: "operator" };
const ANONYMOUS: Caller = { id: "anonymous", role: "caller" };

/** Looks at every key, so that the time says nothing about which came near. */
function findByKey(
  keys: readonly { readonly hash: Buffer; readonly caller: Caller }[],
  token: string,
): Caller | undefined {
  const given = createHash("sha256").update(token).digest();
  let found: Caller | undefined;
  for (const { hash, caller } of keys) {
    if (timingSafeEqual(hash, given)) found = caller;
  }
  return found;
}

function bearerToken(header: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}

/** Who a call comes from, by its credential only. The result throws UNAUTHENTICATED. */
export function createAuthenticator({
  callers,
  allowUnauthenticated,
}: AuthenticatorOptions): (call: IncomingCall) => Caller {
  const keys: { hash: Buffer; caller: Caller }[] = [];
  const certificates = new Map<string, Caller>();
  for (const { id, role, keySha256, clientCertSan } of callers) {
    const caller = { id, role };
    if (keySha256 !== undefined) keys.push({ hash: Buffer.from(keySha256, "hex"), caller });
    if (clientCertSan !== undefined) certificates.set(clientCertSan, caller);
  }

  return ({ peer, header }) => {
    const authorization = header("authorization");
    if (authorization !== undefined && callers.length > 0) {
      const token = bearerToken(authorization);
      const caller = token === undefined ? undefined : findByKey(keys, token);
      if (caller !== undefined) return caller;
      throw new GatewayError("unauthenticated", "the key is not one of this service", {
        reason: "CREDENTIALS_INVALID",
      });
    }
    if (certificates.size > 0) {
      for (const name of peer.certificateNames) {
        const caller = certificates.get(name);
        if (caller !== undefined) return caller;
      }
    }
    if (callers.length === 0 && LOOPBACK.test(peer.address)) return LOCAL;
    if (allowUnauthenticated) return ANONYMOUS;
    throw new GatewayError("unauthenticated", "send `authorization: Bearer KEY`", {
      reason: "CREDENTIALS_MISSING",
    });
  };
}

/** Operator services need the operator role. Throws PERMISSION_DENIED. */
export function authorize(caller: Caller, method: DescMethod): void {
  if (!method.parent.typeName.startsWith("steer.admin.") || caller.role === "operator") return;
  throw new GatewayError(
    "permission-denied",
    `${caller.id} has the role ${caller.role}; ${method.parent.name} needs the role operator`,
    { reason: "ROLE_REQUIRED", metadata: { role: "operator" } },
  );
}
