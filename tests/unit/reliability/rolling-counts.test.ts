import { describe, expect, it } from "vitest";
import { RollingCounts } from "../../../src/reliability/rolling-counts.ts";

/** Twelve buckets of ten seconds. */
const WINDOW = 120_000;
const BUCKET = 10_000;

function setUp() {
  const counts = new RollingCounts();
  return {
    counts,
    request: (now: number, times = 1) => {
      for (let time = 0; time < times; time++) counts.request(now, WINDOW);
    },
    fail: (now: number, weight = 1) => counts.failure(now, WINDOW, weight),
    at: (now: number) => counts.totals(now, WINDOW),
  };
}

describe("the counts of a window", () => {
  it("are those of its buckets, and go with each that leaves it", () => {
    const { request, at } = setUp();
    for (let bucket = 0; bucket < 12; bucket++) request(bucket * BUCKET, bucket + 1);
    expect(at(11 * BUCKET).requests).toBe(78);
    expect(at(12 * BUCKET - 1).requests).toBe(78);
    for (let gone = 1; gone <= 12; gone++) {
      const left = 78 - (gone * (gone + 1)) / 2;
      expect(at((11 + gone) * BUCKET).requests).toBe(left);
    }
  });

  it("go all at once with a long time without calls", () => {
    for (const pause of [WINDOW, WINDOW + 1, 5 * WINDOW + 3 * BUCKET]) {
      const { request, fail, at } = setUp();
      request(5_000, 3);
      fail(5_000);
      request(95_000, 3);
      fail(95_000);
      expect(at(95_000 + pause)).toEqual({ requests: 0, failures: 0, failingSince: undefined });
    }
  });

  it("have failures with their weights, and no more than there are calls", () => {
    const { request, fail, at } = setUp();
    request(0, 4);
    fail(0, 0.5);
    fail(BUCKET, 1);
    expect(at(BUCKET)).toEqual({ requests: 4, failures: 1.5, failingSince: 0 });
    for (let time = 0; time < 5; time++) fail(BUCKET);
    expect(at(BUCKET).failures).toBe(4);
  });

  it("know since when calls fail: the first failure of the oldest bucket that has one", () => {
    const { request, fail, at } = setUp();
    request(0, 10);
    fail(12_345);
    fail(15_000);
    fail(33_000);
    fail(38_000);
    expect(at(38_000).failingSince).toBe(12_345);
    expect(at(13 * BUCKET - 1).failingSince).toBe(12_345);
    request(130_000, 10);
    expect(at(12_345 + WINDOW - 1).failingSince).toBe(33_000);
    expect(at(149_999).failingSince).toBe(33_000);
    fail(151_000);
    expect(at(170_000).failingSince).toBe(151_000);
  });

  it("take back a call from the bucket of now, and nothing where there is none", () => {
    const { counts, request, at } = setUp();
    request(0, 2);
    counts.withdraw(BUCKET, WINDOW);
    expect(at(BUCKET).requests).toBe(2);
    request(BUCKET, 2);
    counts.withdraw(BUCKET, WINDOW);
    expect(at(BUCKET).requests).toBe(3);
  });

  it("are none once they are cleared, and count on from there", () => {
    const { counts, request, fail, at } = setUp();
    request(0, 2);
    fail(0);
    counts.clear();
    expect(at(0)).toEqual({ requests: 0, failures: 0, failingSince: undefined });
    request(1_000);
    fail(1_000);
    expect(at(1_000)).toEqual({ requests: 1, failures: 1, failingSince: 1_000 });
  });
});
