import type { Clock } from "../clock.ts";

/**
 * Time of a store that only one process uses, in whole milliseconds since the epoch: the wall time at its start plus
 * the monotonic time since. A step of the wall clock expires nothing.
 */
export function steadyTime(clock: Clock): () => number {
  const beganAt = clock.wallTime() - clock.now();
  return () => Math.floor(beganAt + clock.now());
}
