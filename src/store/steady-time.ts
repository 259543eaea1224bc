import type { Clock } from "../clock.ts";

/**
 * The time of a store that one process has to itself, in whole milliseconds since the epoch: that of its
 * beginning, counted on. A step of the wall clock expires nothing.
 */
export function steadyTime(clock: Clock): () => number {
  const beganAt = clock.wallTime() - clock.now();
  return () => Math.floor(beganAt + clock.now());
}
