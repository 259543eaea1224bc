import { hash } from "node:crypto";
import { AltNameMap, altName } from "../domain/alt-names.ts";
import type { Caller, KnownCaller } from "../domain/caller.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { isLoopback } from "../domain/ip-address.ts";
import type { CallHead } from "./call.ts";
import { isLocalHost } from "./local-host.ts";

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

const KEYS_DIFFER = Object.freeze(
  new GatewayError("unauthenticated", "`authorization` and `x-api-key` have different keys", {
    reason: "CREDENTIALS_INVALID",
  }),
);

/** What proxies add. Those of browsers and of gRPC's clients add none. */
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
 * The key of a call; "": there is a credential, and no key in it. Undefined: there is none. HTTP APIs of vendors have
 * two headers for it. Throws UNAUTHENTICATED if these do not say the same.
 */
function keyOf({ system, header }: CallHead): string | undefined {
  const authorization = header("authorization");
  const bearer = authorization === undefined ? undefined : (bearerToken(authorization) ?? "");
  const key = system === "http" ? header("x-api-key") : undefined;
  if (key !== undefined && bearer !== undefined && key !== bearer) throw KEYS_DIFFER;
  return bearer ?? key;
}

/**
 * Who a call comes from, by its credential only. Without callers, and where nobody is served without
 * credentials, this machine is the operator. The result throws UNAUTHENTICATED, and PERMISSION_DENIED
 * for a name that is not this machine's.
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
    const { peer } = head;
    const key = callers.length === 0 ? undefined : keyOf(head);
    if (key !== undefined) {
      const caller = keys.get(hash("sha256", key));
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
