import { create } from "@bufbuild/protobuf";
import { ActivitySampleSchema } from "@steer-gateway/stubs/steer/admin/v1/activity_service_pb.js";
import { ErrorCategory } from "@steer-gateway/stubs/steer/v1/error_pb.js";
import { describe, expect, it } from "vitest";
import { percentile, sumLast, sumPeriods } from "../src/views/now/activity-sums.ts";

const second = (seconds: number, more: object = {}) =>
  create(ActivitySampleSchema, { endTime: { seconds: BigInt(seconds) }, calls: 1n, ...more });

describe("sums of seconds", () => {
  it("are of the last ones, and say how many are known", () => {
    const samples = [1, 2, 3, 4].map((seconds) => second(seconds));
    expect(sumLast(samples, 2)).toMatchObject({ calls: 2, seconds: 2, endSeconds: 4 });
    expect(sumLast(samples, 60)).toMatchObject({ calls: 4, seconds: 4 });
    expect(sumLast([], 60)).toMatchObject({ calls: 0, seconds: 0, delayMs: undefined });
  });

  it("cover seconds that are missing", () => {
    expect(sumLast([second(1), second(5)], 60)).toMatchObject({ calls: 2, seconds: 5 });
  });

  it("count a caller's cancellation as no failure, and take the last state and the longest delay", () => {
    const errors = [
      { category: ErrorCategory.CANCELLED, count: 3n },
      { category: ErrorCategory.RATE_LIMIT, count: 2n },
    ];
    const sum = sumLast(
      [
        second(1, { errors, runningGenerations: 9n, eventLoopDelay: { nanos: 5_000_000 } }),
        second(2, { errors, runningGenerations: 4n, eventLoopDelay: { nanos: 1_000_000 } }),
      ],
      60,
    );
    expect(sum).toMatchObject({ failures: 4, runningGenerations: 4, delayMs: 5 });
    expect([...sum.errors]).toEqual([
      [ErrorCategory.CANCELLED, 6],
      [ErrorCategory.RATE_LIMIT, 4],
    ]);
  });

  it("are of whole periods: a sample belongs to the second before its end", () => {
    const samples = [9, 10, 11, 20, 21].map((seconds) => second(seconds));
    const periods = sumPeriods(samples, 10).map(({ calls, seconds }) => [calls, seconds]);
    expect(periods).toEqual([
      [2, 2],
      [2, 10],
      [1, 1],
    ]);
  });
});

describe("percentiles", () => {
  const bounds = [100, 200, 400];

  it.each([
    [[], 0.5, undefined],
    [[0, 0, 0, 0], 0.5, undefined],
    [[0, 10, 0, 0], 0.5, 150],
    [[0, 10, 0, 0], 1, 200],
    [[5, 0, 5, 0], 0.75, 300],
    [[1, 0, 0, 0], 0.5, 50],
    [[0, 0, 0, 2], 0.5, 400],
  ])("of the counts %j at %s are %s", (counts, q, expected) => {
    expect(percentile(counts, bounds, q)).toBe(expected);
  });
});
