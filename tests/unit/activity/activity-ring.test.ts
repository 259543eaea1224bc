import { expect, it } from "vitest";
import { ActivityCounters } from "../../../src/activity/activity-counters.ts";
import { ActivityRing } from "../../../src/activity/activity-ring.ts";
import type { Clock } from "../../../src/clock.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

/** The clock's own wall time plus what `jumpMs` says. */
function setUp(startWallTime = 1_790_000_000_400) {
  const clock: ManualClock = createManualClock(startWallTime);
  const jump = { ms: 0 };
  const moved: Clock = { ...clock, wallTime: () => clock.wallTime() + jump.ms };
  const counters = new ActivityCounters();
  const gauges = { runningCalls: 1, runningGenerations: 2, delayMs: 3 };
  const ring = new ActivityRing({
    clock: moved,
    take: () => counters.take(),
    gauges: () => gauges,
  });
  let seconds = 0;
  ring.onSecond(() => seconds++);
  ring.start();
  return { clock, jump, counters, ring, toldSeconds: () => seconds };
}

const START = 1_790_000_000;

it("has one sample for each second of the clock, with the counts of that second", async () => {
  const { clock, counters, ring, toldSeconds } = setUp();
  counters.callEnded(undefined);
  await clock.advance(600);
  counters.callEnded("network");
  counters.callEnded("network");
  await clock.advance(1_000);
  await clock.advance(1_000);
  const samples = ring.after(START);
  expect(samples.map(({ second }) => second)).toEqual([START + 1, START + 2, START + 3]);
  expect(samples.map(({ calls }) => calls)).toEqual([1, 2, 0]);
  expect([...(samples[1]?.errors ?? [])]).toEqual([["network", 2]]);
  expect(samples[0]).toMatchObject({ runningCalls: 1, runningGenerations: 2, delayMs: 3 });
  expect(ring.after(START + 2).map(({ second }) => second)).toEqual([START + 3]);
  expect([ring.last, toldSeconds()]).toEqual([START + 3, 3]);
});

it("keeps 15 minutes", async () => {
  const { clock, ring } = setUp();
  await clock.advance(1_000_000);
  const samples = ring.after(0);
  expect(samples.length).toBe(900);
  expect([samples[0]?.second, samples.at(-1)?.second]).toEqual([START + 101, START + 1_000]);
});

it("has the counts of a time in which the process was held up in the next sample", async () => {
  const { clock, jump, counters, ring } = setUp();
  await clock.advance(600);
  counters.callEnded(undefined);
  jump.ms = 3_000;
  await clock.advance(1_000);
  const samples = ring.after(START);
  expect(samples.map(({ second, calls }) => [second, calls])).toEqual([
    [START + 1, 0],
    [START + 5, 1],
  ]);
});

it("replaces seconds that come again after the clock was set back", async () => {
  const { clock, jump, ring } = setUp();
  await clock.advance(10_600);
  jump.ms = -5_000;
  await clock.advance(2_000);
  const seconds = ring.after(0).map(({ second }) => second - START);
  expect(seconds).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ring.last).toBe(START + 8);
});

it("counts on if the clock shows the same second twice", async () => {
  const { clock, counters, jump, ring } = setUp();
  await clock.advance(600);
  counters.callEnded(undefined);
  jump.ms = -1_000;
  await clock.advance(1_000);
  counters.callEnded(undefined);
  await clock.advance(1_000);
  const samples = ring.after(START);
  expect(samples.map(({ second, calls }) => [second, calls])).toEqual([
    [START + 1, 0],
    [START + 2, 2],
  ]);
});

it("does nothing after its end", async () => {
  const { clock, ring } = setUp();
  await clock.advance(1_000);
  ring.stop();
  expect(clock.pendingTimers).toBe(0);
});
