import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  callerKeyOf,
  isCallerKey,
  isKeyPrefix,
  KEY_BYTES,
  prefixOf,
} from "../../../src/domain/caller-key.ts";

const bytes = fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES });

describe("a key", () => {
  it("has its form and its length, whatever the bytes are", () => {
    fc.assert(
      fc.property(bytes, (random) => {
        const key = callerKeyOf(random);
        expect(key).toHaveLength(52);
        expect(isCallerKey(key)).toBe(true);
        expect(isKeyPrefix(prefixOf(key))).toBe(true);
        expect(key.startsWith(prefixOf(key))).toBe(true);
      }),
    );
    expect(callerKeyOf(new Uint8Array(KEY_BYTES))).toBe(`sk-steer-${"0".repeat(43)}`);
    expect(isCallerKey(callerKeyOf(new Uint8Array(KEY_BYTES).fill(255)))).toBe(true);
  });

  it("is another one for other bytes", () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const isSame = Buffer.compare(one, other) === 0;
        expect(callerKeyOf(one) === callerKeyOf(other)).toBe(isSame);
      }),
    );
  });

  it.each([
    ["", false],
    ["steer_key", false],
    [`sk-steer-${"a".repeat(42)}`, false],
    [`sk-steer-${"a".repeat(44)}`, false],
    [`sk-steer-${"a".repeat(42)}-`, false],
    [`"sk-steer-${"a".repeat(43)}"`, false],
    [`sk-steer-${"a".repeat(43)}`, true],
  ])("is told by its form: %s", (text, is) => {
    expect(isCallerKey(text)).toBe(is);
  });
});
