import { altName } from "../domain/alt-names.ts";
import type { KnownCaller } from "../domain/caller.ts";
import { FIELD_PASSES } from "../domain/field-pass.ts";
import { didYouMean } from "../domain/near-names.ts";
import type { CallerGroup, CallerProfile } from "../ports/caller-directory.ts";
import { callerLimits } from "./caller-limits.ts";
import {
  type Address,
  ConfigProblem,
  duration,
  identifier,
  matching,
  oneOf,
  restricted,
  text,
} from "./readers.ts";
import { list, object, reshaped } from "./sections.ts";
import { ConfigError } from "./sources.ts";

const MAX_PATTERNS = 64;

/** A caller of the configuration, with its credential and what it may use. */
export type ConfiguredCaller = KnownCaller & CallerProfile;

/** A model or a provider by its identifier, or several by a glob. */
const pattern = matching(/^[^\s]{1,256}$/, "an identifier, or a glob with * and ?, without spaces");

/** Where nothing is allowed, the caller is of no use: an empty list is a mistake. */
const patterns = restricted(
  list(pattern),
  (given) => given.length > 0 && given.length <= MAX_PATTERNS,
  `must have 1 to ${MAX_PATTERNS} entries; leave the key out to allow all`,
);

/** Which fields of the vendors' APIs go to providers. */
const fieldPass = oneOf(...FIELD_PASSES);

const callerFields = object(
  {
    id: identifier,
    role: oneOf("caller", "operator"),
    group: identifier,
    models: patterns,
    providers: patterns,
    key_sha256: matching(/^[0-9a-f]{64}$/i, "64 hex digits; `steer keygen` prints them"),
    client_cert_san: text,
    limits: callerLimits,
    pass: fieldPass,
  },
  ["id", "role"],
);

/** An entry of `callers`. */
export const caller = reshaped(callerFields, (fields, path): ConfiguredCaller => {
  const { keySha256: key, clientCertSan } = fields;
  if ((key === undefined) === (clientCertSan === undefined)) {
    throw new ConfigProblem(path, "set either key_sha256 or client_cert_san");
  }
  return { ...fields, ...(key !== undefined && { keySha256: key.toLowerCase() }) };
});

/** An entry of `groups`. */
export const group = object(
  { id: identifier, models: patterns, providers: patterns, limits: callerLimits, pass: fieldPass },
  ["id"],
);

/** The section `caller_store` of the file. */
export const callerStoreFields = object({ stale_for: duration });

const DEFAULT_STALE_FOR_MS = 300_000;

export interface CallerStoreSettings {
  /** How long the last known callers hold while the store is away, in milliseconds. */
  readonly staleForMs: number;
}

export function callerStoreSettings(
  given: ReturnType<typeof callerStoreFields> = {},
): CallerStoreSettings {
  return { staleForMs: DEFAULT_STALE_FOR_MS, ...given };
}

/** Each group once, and each group of a caller among them. Throws `ConfigProblem`. */
export function checkGroups(
  callers: readonly ConfiguredCaller[],
  groups: readonly CallerGroup[],
): void {
  const ids = new Set<string>();
  for (const [index, { id }] of groups.entries()) {
    if (ids.has(id)) throw new ConfigProblem(["groups", index, "id"], "is another group's already");
    ids.add(id);
  }
  for (const [index, { group: own }] of callers.entries()) {
    if (own === undefined || ids.has(own)) continue;
    const message = `no group "${own}" in groups${didYouMean(own, ids)}`;
    throw new ConfigProblem(["callers", index, "group"], message);
  }
}

/** A credential that belongs to two callers, or to none, is a mistake. Throws `ConfigProblem`. */
export function checkCallers(callers: readonly KnownCaller[], verifiesClients: boolean): void {
  const seen = new Set<string>();
  for (const [index, { id, keySha256, clientCertSan }] of callers.entries()) {
    for (const [key, value] of [
      ["id", id],
      ["key_sha256", keySha256],
      ["client_cert_san", clientCertSan && altName(clientCertSan)],
    ] as const) {
      if (value === undefined) continue;
      if (seen.has(`${key} ${value}`)) {
        throw new ConfigProblem(["callers", index, key], "belongs to another caller already");
      }
      seen.add(`${key} ${value}`);
    }
    if (clientCertSan !== undefined && !verifiesClients) {
      const message = "needs a listener that verifies clients: set client_ca_file in its tls";
      throw new ConfigProblem(["callers", index, "client_cert_san"], message);
    }
  }
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Without callers, every client may do everything, so the listeners must be local. Throws `ConfigError`. */
export function checkExposure(listeners: Readonly<Record<string, Address>>): void {
  for (const [listener, { host }] of Object.entries(listeners)) {
    if (LOOPBACK.test(host)) continue;
    throw new ConfigError(
      `${listener}.address: ${host} can be reached from elsewhere and no callers are configured; ` +
        "add callers (`steer keygen` prints one) or set STEER_ALLOW_UNAUTHENTICATED=true",
    );
  }
}
