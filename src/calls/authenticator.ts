import { hash } from "node:crypto";
import { AltNameMap, altName } from "../domain/alt-names.ts";
import type { Caller, KnownCaller } from "../domain/caller.ts";
import { isCallerKey, prefixOf } from "../domain/caller-key.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { isLoopback } from "../domain/ip-address.ts";
import type { KeyAnswer, StoredKeys } from "../ports/stored-keys.ts";
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

const KEY_MANGLED = Object.freeze(
  new GatewayError(
    "unauthenticated",
    "the key has spaces, quotes or brackets in or around it: send it exactly as it was printed",
    { reason: "CREDENTIALS_INVALID" },
  ),
);
const KEY_EXPIRED = Object.freeze(
  new GatewayError("unauthenticated", "the key has expired: ask the operator for another one", {
    reason: "CREDENTIALS_EXPIRED",
  }),
);
/** Earliest sensible repetition while the store is away. */
const OUTAGE_HINT_MS = 1_000;
const KEYS_UNAVAILABLE = Object.freeze(
  new GatewayError(
    "state-unavailable",
    "the store of the callers does not answer, so nobody knows whose key this is",
    { retryAfterMs: OUTAGE_HINT_MS },
  ),
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

/**
 * The key of a call to a service without callers, where clients send any text because their library wants a key: only
 * a text of the form of a stored key is meant as one.
 */
function storedKeyOf({ system, header }: CallHead): string | undefined {
  const sent = [
    bearerToken(header("authorization") ?? ""),
    system === "http" && header("x-api-key"),
  ];
  return sent.find((text): text is string => typeof text === "string" && isCallerKey(text));
}

/** What keys have around them that were copied with their quotes, or out of an example. */
const MANGLING = /["'`<>\s]/;

/** The error for a key that nobody has. */
function unknownKey({ header }: CallHead): GatewayError {
  const bearer = /^Bearer +(.*)$/i.exec(header("authorization") ?? "")?.[1];
  const sent = [bearer, header("x-api-key")];
  return sent.some((text) => text !== undefined && MANGLING.test(text)) ? KEY_MANGLED : KEY_UNKNOWN;
}

/** Throws where the key is none of a caller. */
function callerOf(answer: KeyAnswer, head: CallHead): Caller {
  switch (answer.state) {
    case "known":
      return answer.caller;
    case "expired":
      throw KEY_EXPIRED;
    case "unavailable":
      throw KEYS_UNAVAILABLE;
    case "unknown":
      throw unknownKey(head);
  }
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
 * Who a call comes from, by its credential only. This machine is the operator where the configuration has no
 * callers, no stored operator has a key for ever, and nobody is served without credentials. The result throws
 * UNAUTHENTICATED, PERMISSION_DENIED for a name that is not this machine's, and UNAVAILABLE for a key that only a
 * store that is away can know.
 */
export function createAuthenticator(
  { callers, allowUnauthenticated, hosts }: AuthenticatorOptions,
  stored: StoredKeys,
): (head: CallHead) => Caller {
  // Looked up by hash: the time of the look-up reveals nothing about a key, because nobody can choose the hash of a
  // key.
  const keys = new Map<string, Caller>();
  const certificates = new AltNameMap<Caller>();

  for (const { id, role, keySha256, clientCertSan } of callers) {
    const caller = { id, role };
    if (keySha256 !== undefined) keys.set(keySha256, caller);
    if (clientCertSan !== undefined) certificates.set(altName(clientCertSan), caller);
  }

  /** Undefined: there is no key, or none is expected and the key can be any text. */
  function byKey(head: CallHead): Caller | undefined {
    const isExpected = callers.length > 0 || stored.holders !== "none";
    const key = isExpected ? keyOf(head) : storedKeyOf(head);
    if (key === undefined) return undefined;
    const keySha256 = hash("sha256", key);
    const caller = keys.get(keySha256);
    if (caller !== undefined) return caller;
    if (isCallerKey(key)) return callerOf(stored.find(prefixOf(key), keySha256), head);
    throw unknownKey(head);
  }

  return (head) => {
    const { peer } = head;
    const caller = byKey(head) ?? findByCertificate(certificates, peer.certificateNames);
    if (caller !== undefined) return caller;
    if (allowUnauthenticated) return ANONYMOUS;
    const isOpen = callers.length === 0 && stored.holders !== "operators";
    if (isOpen && isLoopback(peer.address)) return localCaller(head, hosts);
    throw KEY_MISSING;
  };
}
