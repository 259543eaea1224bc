import { expect, it } from "vitest";
import { IdleCollection } from "../../src/idle-collection.ts";
import { createManualClock } from "../support/manual-clock.ts";

const MIB = 1024 * 1024;
const IDLE = { calls: 0, runningCalls: 0, runningGenerations: 0 };

/** A process whose heap has a given size. A collection makes it as small as `live`. */
function processOf(mib: number) {
  const clock = createManualClock();
  const heap = { mib, live: mib, collections: 0 };
  const idle = new IdleCollection({
    clock,
    collect() {
      heap.mib = heap.live;
      heap.collections++;
    },
    heapBytes: () => heap.mib * MIB,
  });
  return { heap, clock, second: (sample = IDLE) => idle.second(sample) };
}

it("a heap that has grown is collected in the first idle second, once", async () => {
  const { heap, clock, second } = processOf(40);
  await clock.advance(30_000);
  heap.mib = 100;
  second();
  expect(heap.collections).toBe(1);
  await clock.advance(30_000);
  second();
  expect(heap.collections).toBe(1);
});

it.each([{ calls: 1 }, { runningCalls: 1 }, { runningGenerations: 1 }])(
  "a second with %o is not idle",
  async (some) => {
    const { heap, clock, second } = processOf(40);
    await clock.advance(30_000);
    heap.mib = 100;
    second({ ...IDLE, ...some });
    expect(heap.collections).toBe(0);
  },
);

it("a little growth is not worth a collection", async () => {
  const { heap, clock, second } = processOf(40);
  await clock.advance(30_000);
  heap.mib = 55;
  second();
  expect(heap.collections).toBe(0);
});

it("growth counts from the smallest heap: that of the start has the garbage of the start", async () => {
  const { heap, clock, second } = processOf(100);
  heap.mib = 40;
  second();
  await clock.advance(30_000);
  heap.mib = 100;
  second();
  expect(heap.collections).toBe(1);
});

it("what lives does not lead to another collection until the heap grows again", async () => {
  const { heap, clock, second } = processOf(40);
  await clock.advance(30_000);
  heap.mib = 100;
  heap.live = 90;
  second();
  await clock.advance(30_000);
  second();
  expect(heap.collections).toBe(1);
  heap.mib = 106;
  second();
  expect(heap.collections).toBe(2);
});

it("bursts of calls cost one collection in half a minute", async () => {
  const { heap, clock, second } = processOf(40);
  for (let burst = 0; burst < 60; burst++) {
    await clock.advance(5_000);
    heap.mib = 100;
    second();
  }
  expect(heap.collections).toBe(10);
});
