import { expect, it } from "vitest";
import { ActivityCounters } from "../../../src/activity/activity-counters.ts";
import { FIRST_TOKEN_BOUNDS_MS } from "../../../src/domain/activity.ts";

const generation = (timeToFirstTokenMs?: number) => ({
  totalUsage: { inputTokens: 10, outputTokens: 3 },
  cost: { currency: "USD", totalPicos: 7 },
  timing: { timeToFirstTokenMs },
});

it("sums what ended, and begins anew when the sums are taken", () => {
  const counters = new ActivityCounters();
  counters.attemptEnded();
  counters.attemptEnded();
  counters.generationEnded(generation());
  counters.generationEnded(generation());
  counters.generationEnded({ timing: {} });
  const { errors, costs, ...taken } = counters.take();
  expect({ ...taken }).toEqual({
    calls: 0,
    generations: 3,
    attempts: 2,
    inputTokens: 20,
    outputTokens: 6,
    firstTokens: [],
  });
  expect([...costs]).toEqual([["USD", 14]]);
  expect(errors.size).toBe(0);
  expect(counters.take().generations).toBe(0);
});

it("counts times to first token by interval: a bound belongs to its interval", () => {
  const counters = new ActivityCounters();
  const last = FIRST_TOKEN_BOUNDS_MS.length;
  for (const ms of [0, 10, 10.1, 14, 1e9]) counters.generationEnded(generation(ms));
  const { firstTokens } = counters.take();
  expect(firstTokens.length).toBe(last + 1);
  expect([firstTokens[0], firstTokens[1], firstTokens[last]]).toEqual([2, 2, 1]);
});

it("knows how many calls run", () => {
  const counters = new ActivityCounters();
  counters.callBegun();
  counters.callBegun();
  counters.callOver();
  counters.take();
  expect(counters.runningCalls).toBe(1);
});

it("has rising bounds from 10 ms to more than a minute", () => {
  const sorted = [...new Set(FIRST_TOKEN_BOUNDS_MS)].sort((a, b) => a - b);
  expect(sorted).toEqual(FIRST_TOKEN_BOUNDS_MS);
  expect([sorted[0], sorted.at(-1)]).toEqual([10, 81_920]);
});
