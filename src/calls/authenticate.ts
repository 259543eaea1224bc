import { hash } from "node:crypto";
import { AltNameMap, altName } from "../domain/alt-names.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { isLoopback } from "../domain/ip-address.ts";
import type { Caller, CallHead } from "./call.ts";
import { isLocalHost } from "./local-host.ts";

/** A caller and its credential: the hash of a key, or a name in its client certificate. */
export interface KnownCaller extends Caller {
  /** SHA-256 in lower-case hex. */
  readonly keySha256?: string;
  readonly clientCertSan?: string;
}

export interface AuthenticatorOptions {
  readonly callers: readonly KnownCaller[];
  readonly allowUnauthenticated: boolean;
  /** Further names of this machine beside the loopback names, in lower case. */
  readonly hosts: readonly string[];
}

const LOCAL: Caller = { id: "local", role: "operator" };
const ANONYMOUS: Caller = { id: "anonymous", role: "caller" };

/** Errors that floods of calls get. They are frozen constants, so that the status of each is encoded once. */
const KEY_UNKNOWN = Object.freeze(
  new GatewayError("unauthenticated", "the key is not one of this service", {
    reason: "CREDENTIALS_INVALID",
  }),
);
const KEY_MISSING = Object.freeze(
  new GatewayError("unauthenticated", "send `authorization: Bearer KEY`", {
    reason: "CREDENTIALS_MISSING",
  }),
);

/** Headers that proxies add. Browsers and gRPC clients send none of them. */
const PROXY_HEADER = /^(?:forwarded|via|x-forwarded-.*)$/;

/** Longest part of a host, in characters, that an error repeats. */
const MAX_HOST_LENGTH = 255;

/**
 * The caller of a local call to a service without callers. Throws if the call comes through a proxy or under a
 * foreign name.
 */
function localCaller({ headerNames, hosts }: CallHead, known: readonly string[]): Caller {
  for (const name of headerNames()) {
    if (!PROXY_HEADER.test(name)) continue;
    const message = `the call came through a proxy (${name}), and who it is from is not known: configure callers`;
    throw new GatewayError("unauthenticated", message, { reason: "CREDENTIALS_MISSING" });
  }
  const foreign = hosts.length === 0 ? "" : hosts.find((host) => !isLocalHost(host, known));
  if (foreign === undefined) return LOCAL;
  const host = foreign.slice(0, MAX_HOST_LENGTH);
  const message = `"${host}" is no name of this machine: call localhost, add the name to http.hosts, or configure callers`;
  throw new GatewayError("permission-denied", message, {
    reason: "HOST_NOT_LOCAL",
    metadata: { host },
  });
}

/** The ids of all possible callers under these settings. */
function callerIds({ callers, allowUnauthenticated }: AuthenticatorOptions): readonly string[] {
  return [
    ...callers.map(({ id }) => id),
    ...(callers.length === 0 && !allowUnauthenticated ? [LOCAL.id] : []),
    ...(allowUnauthenticated ? [ANONYMOUS.id] : []),
  ];
}

/** Callers that exist under the old settings and not under the new ones, whatever their credentials. */
export function removedCallers(
  before: AuthenticatorOptions,
  next: AuthenticatorOptions,
): readonly string[] {
  const left = new Set(callerIds(next));
  return [...new Set(callerIds(before))].filter((id) => !left.has(id));
}

/** Throws if a wildcard matches several callers. */
function findByCertificate(
  callers: AltNameMap<Caller>,
  names: readonly string[],
): Caller | undefined {
  const [found, another] = callers.find(names);
  if (another === undefined) return found;
  throw new GatewayError("unauthenticated", "the certificate is that of several callers", {
    reason: "CREDENTIALS_INVALID",
  });
}

function bearerToken(header: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}

/**
 * Identifies a caller by its credential only. If the service has no callers and does not serve calls without
 * credentials, local calls belong to the operator. The result throws UNAUTHENTICATED, or PERMISSION_DENIED if the
 * host name is not one of this machine.
 */
export function createAuthenticator({
  callers,
  allowUnauthenticated,
  hosts,
}: AuthenticatorOptions): (head: CallHead) => Caller {
  // Looked up by hash: the time of the look-up reveals nothing about a key, because nobody can choose the hash of a
  // key.
  const keys = new Map<string, Caller>();
  const certificates = new AltNameMap<Caller>();

  for (const { id, role, keySha256, clientCertSan } of callers) {
    const caller = { id, role };
    if (keySha256 !== undefined) keys.set(keySha256, caller);
    if (clientCertSan !== undefined) certificates.set(altName(clientCertSan), caller);
  }

  return (head) => {
    const { peer, header } = head;
    const authorization = header("authorization");
    if (authorization !== undefined && callers.length > 0) {
      const token = bearerToken(authorization);
      const caller = token === undefined ? undefined : keys.get(hash("sha256", token));
      if (caller !== undefined) return caller;
      throw KEY_UNKNOWN;
    }
    const certified = findByCertificate(certificates, peer.certificateNames);
    if (certified !== undefined) return certified;
    if (allowUnauthenticated) return ANONYMOUS;
    if (callers.length === 0 && isLoopback(peer.address)) return localCaller(head, hosts);
    throw KEY_MISSING;
  };
}
