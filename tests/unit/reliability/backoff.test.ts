import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, hintedWaitMs } from "../../../src/reliability/backoff.ts";

const plain = { baseMs: 50, capMs: 2_000, multiplier: 2, jitter: 1 };

describe("backoffMs", () => {
  it("doubles up to its cap, with full jitter", () => {
    const longest = [0, 1, 2, 5, 6, 50].map((n) => backoffMs(plain, n, undefined, () => 1).ms);
    expect(longest).toEqual([50, 100, 200, 1_600, 2_000, 2_000]);
    expect(backoffMs(plain, 3, undefined, () => 0).ms).toBe(0);
  });

  it("has no randomness without jitter", () => {
    expect(backoffMs({ ...plain, jitter: 0 }, 1, undefined, () => 0)).toEqual({
      ms: 100,
      isHint: false,
    });
  });

  it("says whose wish the wait is", () => {
    expect(backoffMs(plain, 0, 1_000, () => 0)).toEqual({ ms: 1_000, isHint: true });
    expect(backoffMs(plain, 6, 10, () => 1)).toEqual({ ms: 2_000, isHint: false });
  });

  it("is never shorter than the hint, never longer than cap or hint and its spread", () => {
    const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({
          baseMs: fc.integer({ min: 1, max: 60_000 }),
          capMs: fc.integer({ min: 1, max: 60_000 }),
          multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.nat({ max: 2_000 }),
        fc.option(fc.nat({ max: 1e10 }), { nil: undefined }),
        unit,
        (backoff, retries, hint, random) => {
          const { ms } = backoffMs(backoff, retries, hint, () => random);
          expect(ms).toBeGreaterThanOrEqual(hint ?? 0);
          expect(ms).toBeLessThanOrEqual(Math.max(backoff.capMs, (hint ?? 0) + 1_000));
        },
      ),
    );
  });
});

describe("hintedWaitMs", () => {
  it("spreads by a tenth, and by a second at most", () => {
    expect(hintedWaitMs(2_000, 0)).toBe(2_000);
    expect(hintedWaitMs(2_000, 1)).toBe(2_200);
    expect(hintedWaitMs(60_000, 1)).toBe(61_000);
  });
});
