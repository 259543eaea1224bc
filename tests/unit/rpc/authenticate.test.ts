import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { createAuthenticator, type KnownCaller } from "../../../src/rpc/authenticate.ts";
import type { CallHead } from "../../../src/rpc/call.ts";

const COUNT = 10_000;

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** A call with this key, or without one. */
function headWith(key: string | undefined): CallHead {
  return {
    method: GenerationService.method.generate,
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
  const authenticate = createAuthenticator({ callers, allowUnauthenticated: false, hosts: [] });

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
});
