import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../../src/calls/authenticator.ts";
import type { CallHead } from "../../../src/calls/call.ts";
import type { KnownCaller } from "../../../src/domain/caller.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { KeyAnswer, StoredKeys } from "../../../src/ports/stored-keys.ts";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A call with this key, or without one. */
function headWith(key: string | undefined): Omit<CallHead, "peer"> {
  return {
    operation: { name: "test.v1.Service/Ask", kind: "unary", audience: "callers" },
    system: "grpc",
    hosts: ["localhost"],
    header: (name) => (name === "authorization" && key !== undefined ? `Bearer ${key}` : undefined),
    headerNames: () => (key === undefined ? [] : ["authorization"]),
  };
}

describe("keys that were made at run time", () => {
  const KEY = `sk-steer-${"a".repeat(43)}`;
  const configured: readonly KnownCaller[] = [
    { id: "fixed", role: "operator", keySha256: sha256("fixed-key") },
  ];

  function authenticated(options: {
    readonly answer: KeyAnswer;
    readonly holders: StoredKeys["holders"];
    readonly callers?: readonly KnownCaller[];
    readonly key: string | undefined;
    readonly address?: string;
    readonly open?: boolean;
  }) {
    const { answer, holders, callers = [], key, address = "127.0.0.1", open = false } = options;
    const stored: StoredKeys = { holders, find: () => answer };
    const settings = { callers, allowUnauthenticated: open, hosts: [] };
    const head = { ...headWith(key), peer: { address, certificateNames: [] } };
    try {
      return createAuthenticator(settings, stored)(head).id;
    } catch (error) {
      if (error instanceof GatewayError) return error.reason ?? error.kind;
      throw error;
    }
  }

  const known: KeyAnswer = { state: "known", caller: { id: "ci", role: "caller" } };
  const unknown: KeyAnswer = { state: "unknown" };

  it.each([
    ["a known key", { answer: known, holders: "callers", key: KEY }, "ci"],
    [
      "one beside those of the configuration",
      { answer: known, holders: "callers", key: KEY, callers: configured },
      "ci",
    ],
    [
      "a key of the configuration",
      { answer: unknown, holders: "operators", key: "fixed-key", callers: configured },
      "fixed",
    ],
    ["an unknown key", { answer: unknown, holders: "callers", key: KEY }, "CREDENTIALS_INVALID"],
    [
      "an unknown key where nobody has one",
      { answer: unknown, holders: "none", key: KEY },
      "CREDENTIALS_INVALID",
    ],
    [
      "a revoked key where calls without one are served",
      { answer: unknown, holders: "none", key: KEY, open: true },
      "CREDENTIALS_INVALID",
    ],
    [
      "any text where nobody has a key",
      { answer: unknown, holders: "none", key: "sk-any" },
      "local",
    ],
    [
      "any text where somebody has one",
      { answer: unknown, holders: "callers", key: "sk-any" },
      "CREDENTIALS_INVALID",
    ],
    [
      "a key whose end has passed",
      { answer: { state: "expired" }, holders: "callers", key: KEY },
      "CREDENTIALS_EXPIRED",
    ],
    [
      "a key while the store is away",
      { answer: { state: "unavailable" }, holders: "none", key: KEY },
      "state-unavailable",
    ],
    [
      "no key where callers have some",
      { answer: unknown, holders: "callers", key: undefined },
      "local",
    ],
    [
      "no key where an operator has one",
      { answer: unknown, holders: "operators", key: undefined },
      "CREDENTIALS_MISSING",
    ],
    [
      "no key from elsewhere",
      { answer: unknown, holders: "callers", key: undefined, address: "192.0.2.1" },
      "CREDENTIALS_MISSING",
    ],
    [
      "no key where those without are served",
      { answer: unknown, holders: "operators", key: undefined, open: true },
      "anonymous",
    ],
  ] as const)("%s", (_name, options, expected) => {
    expect(authenticated(options)).toBe(expected);
  });

  it.each([`"${KEY}"`, `'${KEY}'`, `${KEY} `, `<${KEY}>`, `${KEY} extra`, `Bearer ${KEY}`])(
    "a key that was pasted with more than itself gets an error that says so: %s",
    (key) => {
      const settings = { callers: configured, allowUnauthenticated: false, hosts: [] };
      const stored: StoredKeys = { holders: "none", find: () => unknown };
      const head = { ...headWith(key), peer: { address: "127.0.0.1", certificateNames: [] } };
      expect(() => createAuthenticator(settings, stored)(head)).toThrowError(
        expect.objectContaining({
          reason: "CREDENTIALS_INVALID",
          message: expect.stringMatching(/spaces, quotes or brackets/),
        }),
      );
    },
  );
});
