import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthenticator, removedCallers } from "../../../src/calls/authenticator.ts";
import type { CallHead } from "../../../src/calls/call.ts";
import type { KnownCaller } from "../../../src/domain/caller.ts";
import type { StoredKeys } from "../../../src/ports/stored-keys.ts";

const COUNT = 10_000;

/** Nobody has a key that was made at run time. */
const NO_KEYS: StoredKeys = { holders: "none", find: () => ({ state: "unknown" }) };

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A call with this key, or without one. */
function headWith(key: string | undefined): CallHead {
  return {
    operation: { name: "test.v1.Service/Ask", kind: "unary", audience: "callers" },
    system: "grpc",
    peer: { address: "192.0.2.1", certificateNames: [] },
    hosts: [],
    header: (name) => (name === "authorization" && key !== undefined ? `Bearer ${key}` : undefined),
    headerNames: () => (key === undefined ? [] : ["authorization"]),
  };
}

describe("field:X21: ten thousand callers", () => {
  let reads = 0;
  const callers = Array.from({ length: COUNT }, (_, index): KnownCaller => {
    const caller = { id: `caller-${index}`, role: "caller" as const };
    const keySha256 = sha256(`key-${index}`);
    return new Proxy(
      { ...caller, keySha256 },
      {
        get(target, name) {
          reads++;
          return Reflect.get(target, name);
        },
      },
    );
  });
  const authenticate = createAuthenticator(
    { callers, allowUnauthenticated: false, hosts: [] },
    NO_KEYS,
  );

  it("are each found by their key, and none is looked at for that", () => {
    const known = reads;
    for (const index of [0, 1, COUNT / 2, COUNT - 1]) {
      expect(authenticate(headWith(`key-${index}`)).id).toBe(`caller-${index}`);
    }
    expect(reads).toBe(known);
  });

  it.each([
    ["a wrong key", "key-10000", "CREDENTIALS_INVALID"],
    ["the hash of a key", sha256("key-1"), "CREDENTIALS_INVALID"],
    ["no key", undefined, "CREDENTIALS_MISSING"],
  ])("none is looked at for %s, which is refused", (_name, key, reason) => {
    const known = reads;
    expect(() => authenticate(headWith(key))).toThrowError(expect.objectContaining({ reason }));
    expect(reads).toBe(known);
  });

  it.each([
    ["a wrong key", "key-10000"],
    ["no key", undefined],
  ])("of a flood with %s each call has the same error, which nobody can change", (_name, key) => {
    const [first, second] = Array.from({ length: 2 }, () => {
      try {
        return authenticate(headWith(key));
      } catch (error) {
        return error;
      }
    });
    expect(first).toBe(second);
    expect(Object.isFrozen(first)).toBe(true);
  });
});

describe("a service with callers", () => {
  const callers: readonly KnownCaller[] = [
    { id: "ops", role: "operator", keySha256: sha256("ops-key") },
    { id: "billing", role: "caller", clientCertSan: "billing.example" },
    { id: "shop", role: "caller", clientCertSan: "shop.example" },
  ];
  const authenticate = createAuthenticator(
    { callers, allowUnauthenticated: false, hosts: [] },
    NO_KEYS,
  );
  const headOf = (authorization: string | undefined, ...certificateNames: string[]): CallHead => ({
    ...headWith(undefined),
    header: (name) => (name === "authorization" ? authorization : undefined),
    peer: { address: "127.0.0.1", certificateNames },
  });

  it.each([["Bearer ops-key"], ["bearer ops-key"], ["BEARER   ops-key"]])(
    "knows the caller of %s, and the role",
    (header) => {
      expect(authenticate(headOf(header))).toEqual({ id: "ops", role: "operator" });
    },
  );

  it.each([["Basic ops-key"], ["Bearer"], ["ops-key"], [""], ["x Bearer ops-key"]])(
    "refuses the credential %j as one that is not known, whoever the certificate names",
    (header) => {
      const refused = { kind: "unauthenticated", reason: "CREDENTIALS_INVALID" };
      const message = "the key is not one of this service";
      const head = headOf(header, "DNS:billing.example");
      expect(() => authenticate(head)).toThrow(expect.objectContaining({ ...refused, message }));
    },
  );

  it("tells a call from this machine what to send", () => {
    expect(() => authenticate(headOf(undefined))).toThrow(
      expect.objectContaining({
        kind: "unauthenticated",
        reason: "CREDENTIALS_MISSING",
        message: "send `authorization: Bearer KEY`",
      }),
    );
  });

  it("knows a caller by the certificate", () => {
    expect(authenticate(headOf(undefined, "DNS:shop.example"))).toEqual({
      id: "shop",
      role: "caller",
    });
  });

  it("refuses a certificate that stands for several callers", () => {
    expect(() => authenticate(headOf(undefined, "DNS:*.example"))).toThrow(
      expect.objectContaining({
        kind: "unauthenticated",
        reason: "CREDENTIALS_INVALID",
        message: "the certificate is that of several callers",
      }),
    );
  });

  it("serves those without a credential as callers, where they may call", () => {
    const open = createAuthenticator({ callers, allowUnauthenticated: true, hosts: [] }, NO_KEYS);
    expect(open(headOf(undefined))).toEqual({ id: "anonymous", role: "caller" });
    expect(open(headOf("Bearer ops-key")).id).toBe("ops");
    expect(() => open(headOf("Bearer wrong"))).toThrow("the key is not one of this service");
  });
});

describe("a service without callers", () => {
  const local = createAuthenticator(
    { callers: [], allowUnauthenticated: false, hosts: ["dev"] },
    NO_KEYS,
  );
  const here: CallHead = {
    ...headWith(undefined),
    peer: { address: "127.0.0.1", certificateNames: [] },
    hosts: ["localhost:8080"],
  };

  it.each([
    ["localhost"],
    ["LocalHost.:80"],
    ["a.localhost"],
    ["127.0.0.1:50051"],
    ["[::1]:1"],
    ["[::1]"],
    ["dev"],
    ["DEV:80"],
    ["localhost:1,127.0.0.1:2"],
    ["%2Ftmp%2Fsteer.sock"],
  ])("serves this machine as its operator, by its name %s", (host) => {
    expect(local({ ...here, hosts: [host] })).toEqual({ id: "local", role: "operator" });
  });

  it.each([
    ["localhost.evil.example"],
    ["notlocalhost"],
    ["dev.example"],
    ["user@localhost"],
    ["localhost:123456"],
    ["localhost:"],
    ["::1"],
    ["a b"],
    [""],
    ["localhost,evil.example"],
    ["evil.example,%2Ftmp%2Fsteer.sock"],
  ])("refuses the name %j", (host) => {
    expect(() => local({ ...here, hosts: [host] })).toThrow(
      expect.objectContaining({ kind: "permission-denied", reason: "HOST_NOT_LOCAL" }),
    );
  });

  it("does not ask its operator for a key", () => {
    const header = (name: string) => (name === "authorization" ? "Bearer any" : undefined);
    expect(local({ ...here, header }).id).toBe("local");
  });

  it.each<[string, Partial<CallHead>, object]>([
    [
      "another machine",
      { peer: { address: "192.0.2.1", certificateNames: [] } },
      { kind: "unauthenticated", reason: "CREDENTIALS_MISSING" },
    ],
    [
      "what came through a proxy",
      { headerNames: () => ["accept", "x-forwarded-for"] },
      {
        kind: "unauthenticated",
        reason: "CREDENTIALS_MISSING",
        message: expect.stringContaining("(x-forwarded-for)"),
      },
    ],
    [
      "a name that is not this machine's",
      { hosts: ["evil.example"] },
      { kind: "permission-denied", reason: "HOST_NOT_LOCAL", metadata: { host: "evil.example" } },
    ],
    [
      "a foreign name beside an own one",
      { hosts: ["localhost", "evil.example"] },
      { reason: "HOST_NOT_LOCAL", metadata: { host: "evil.example" } },
    ],
    ["no name at all", { hosts: [] }, { reason: "HOST_NOT_LOCAL", metadata: { host: "" } }],
    [
      "a name without an end, which is not repeated as a whole",
      { hosts: ["e".repeat(1_000)] },
      { reason: "HOST_NOT_LOCAL", metadata: { host: "e".repeat(255) } },
    ],
  ])("refuses %s", (_name, changes, expected) => {
    expect(() => local({ ...here, ...changes })).toThrow(expect.objectContaining(expected));
  });
});

describe("a reload", () => {
  const ids = (...names: readonly string[]): KnownCaller[] =>
    names.map((id) => ({ id, role: "caller", keySha256: sha256(id) }));
  const settings = (callers: KnownCaller[], allowUnauthenticated = false) => ({
    callers,
    allowUnauthenticated,
    hosts: [],
  });

  it("removes the callers that it does not name, whatever their credentials", () => {
    const before = settings(ids("a", "b", "c"));
    expect(removedCallers(before, settings(ids("b")))).toEqual(["a", "c"]);
    expect(removedCallers(before, before)).toEqual([]);
    // Nobody is served as this machine, or without a credential, where there are callers.
    expect(removedCallers(settings([]), before)).toEqual(["local"]);
    expect(removedCallers(settings([], true), before)).toEqual(["anonymous"]);
    expect(removedCallers(before, settings([]))).toEqual(["a", "b", "c"]);
    expect(removedCallers(settings([], true), settings(ids("a"), true))).toEqual([]);
  });
});

describe("the key of an HTTP API", () => {
  const callers = [{ id: "alice", role: "caller" as const, keySha256: sha256("good") }];
  const authenticate = createAuthenticator(
    { callers, allowUnauthenticated: false, hosts: [] },
    NO_KEYS,
  );
  const headOf = (system: CallHead["system"], headers: Record<string, string>): CallHead => ({
    ...headWith(undefined),
    system,
    header: (name) => headers[name],
  });

  it.each([
    { authorization: "Bearer good" },
    { "x-api-key": "good" },
    { authorization: "Bearer good", "x-api-key": "good" },
  ])("comes in %o", (headers) => {
    expect(authenticate(headOf("http", headers)).id).toBe("alice");
  });

  it.each([
    [{ "x-api-key": "bad" }, "not one of this service"],
    [{ authorization: "Bearer good", "x-api-key": "bad" }, "different keys"],
    [{ authorization: "good" }, "not one of this service"],
    [{}, "send `authorization"],
  ])("%o is refused", (headers, message) => {
    expect(() => authenticate(headOf("http", headers as Record<string, string>))).toThrow(message);
  });

  it("is none of an RPC in `x-api-key`", () => {
    expect(() => authenticate(headOf("connectrpc", { "x-api-key": "good" }))).toThrow("send");
  });
});
