import { altName } from "../domain/alt-names.ts";
import type { KnownCaller } from "../domain/caller.ts";
import { type Address, ConfigProblem, identifier, matching, oneOf, text } from "./readers.ts";
import { object, reshaped } from "./sections.ts";
import { ConfigError } from "./sources.ts";

const callerFields = object(
  {
    id: identifier,
    role: oneOf("caller", "operator"),
    key_sha256: matching(/^[0-9a-f]{64}$/i, "64 hex digits; `steer keygen` prints them"),
    client_cert_san: text,
  },
  ["id", "role"],
);

/** An entry of `callers`. */
export const caller = reshaped(callerFields, (fields, path): KnownCaller => {
  const { keySha256: key, clientCertSan } = fields;
  if ((key === undefined) === (clientCertSan === undefined)) {
    throw new ConfigProblem(path, "set either key_sha256 or client_cert_san");
  }
  return { ...fields, ...(key !== undefined && { keySha256: key.toLowerCase() }) };
});

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
