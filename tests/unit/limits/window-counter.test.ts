import fc from "fast-check";
import { expect, it } from "vitest";
import { add, dropOld, type WindowState } from "../../../src/limits/window-counter.ts";

const WINDOW_MS = 60_000;
const NOW = 1_790_000_000_000;

/** Counts one at each of these times, as a clock that only goes on, and then drops at `now`. */
function leftAt(now: number, times: readonly number[]): WindowState {
  const state: WindowState = [];
  for (const time of times) add(state, time, WINDOW_MS, 1);
  dropOld(state, now, WINDOW_MS);
  return state;
}

const bucketOf = (time: number): number => Math.floor(time / 1_000);

it.each([
  ["nothing", [], []],
  ["an event of now", [NOW], [NOW]],
  ["one that left the window", [NOW - 62_000], []],
  ["an old one before one of now", [NOW - 62_000, NOW], [NOW]],
  ["one of a clock that jumped back an hour", [NOW + 3_600_000], []],
  ["one of now before one of such a clock", [NOW, NOW + 3_600_000], [NOW]],
  ["an old one, one of now and one of such a clock", [NOW - 62_000, NOW, NOW + 3_600_000], [NOW]],
])("of %s", (_, times, left) => {
  expect(leftAt(NOW, times)).toEqual(left.flatMap((time) => [bucketOf(time), 1]));
});

it("keeps each sub-bucket by its own time alone", () => {
  const times = fc.array(fc.integer({ min: -400_000, max: 400_000 }), { maxLength: 20 });
  fc.assert(
    fc.property(times, (offsets) => {
      const buckets = offsets.map((offset) => bucketOf(NOW + offset));
      const unique = [...new Set(buckets)].sort((a, b) => a - b);
      const alone = unique.filter((bucket) => leftAt(NOW, [bucket * 1_000]).length > 0);
      const together = leftAt(
        NOW,
        unique.map((bucket) => bucket * 1_000),
      );
      expect(together).toEqual(alone.flatMap((bucket) => [bucket, 1]));
    }),
    { seed: 1, numRuns: 500 },
  );
});
