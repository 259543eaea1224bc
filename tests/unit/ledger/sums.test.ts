import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addPicos,
  addSums,
  addTime,
  COUNTERS,
  createSums,
  timeQuantile,
} from "../../../src/ledger/sums.ts";

const SHARES = [0.5, 0.95] as const;

/** The value that so large a share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

it("carries a whole unit over, and no trillionth less", () => {
  const sums = createSums();
  const money = () =>
    (["units", "picos"] as const).map((name) => sums.counters[COUNTERS.indexOf(name)]);
  addPicos(sums, 999_999_999_999);
  expect(money()).toEqual([0, 999_999_999_999]);
  addPicos(sums, 1);
  expect(money()).toEqual([1, 0]);
});

describe("quantiles of times to first token", () => {
  it("are unknown without a time", () => {
    expect(timeQuantile(createSums(), 0.5)).toBeUndefined();
  });

  it("are within a step of the true ones, however the times are merged", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1 }),
        fc.nat(100),
        (times, cut) => {
          const [one, other] = [createSums(), createSums()];
          for (const [index, ms] of times.entries()) addTime(index < cut ? one : other, ms);
          addSums(one, other);
          for (const share of SHARES) {
            const found = timeQuantile(one, share) ?? Number.NaN;
            const ratio = found / quantile(times, share);
            expect(ratio).toBeGreaterThan(0.84);
            expect(ratio).toBeLessThan(1.19);
          }
        },
      ),
    );
  });

  it("take times beyond the last step as the last step", () => {
    const sums = createSums();
    addTime(sums, 1e12);
    expect(timeQuantile(sums, 0.5)).toBeCloseTo(2 ** 25 * 2 ** -0.125, -5);
  });
});
