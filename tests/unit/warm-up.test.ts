import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { warmUpFor } from "../../src/warm-up.ts";
import { createManualClock } from "../support/manual-clock.ts";

it("a warm-up ends by itself, and all of its calls succeed", async () => {
  expect(await warmUpFor(50, systemClock)).toBeUndefined();
});

it("none is none", async () => {
  const clock = createManualClock();
  expect(await warmUpFor(0, clock)).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
});

it("a warm-up whose calls do not end is ended, and says so", async () => {
  // The calls are made until the time is over, which this clock only reaches when the calls are already late.
  const clock = createManualClock();
  let problem: string | undefined;
  const over = warmUpFor(500, { ...clock, now: () => 0 }).then((found) => {
    problem = found ?? "none";
  });
  while (problem === undefined) await clock.advance(1_600);
  await over;
  expect(problem).toMatch(/^the warm-up ended early: /);
});
