import { setTimeout as delay } from "node:timers/promises";

/** Time and randomness as parameters: production passes `systemClock`, tests a manual one. */
export interface Clock {
  /** Monotonic milliseconds, for durations and limits. */
  now(): number;
  /** Milliseconds since the epoch, for timestamps only. */
  wallTime(): number;
  /** Calls `callback` once after `ms`; the returned function cancels it. */
  schedule(ms: number, callback: () => void): () => void;
  /** Resolves after `ms`, never earlier; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Longest delay that Node's timers take. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  async sleep(ms, signal) {
    try {
      // A timer counts whole milliseconds of a clock of its own: it can fire one early.
      const wholeMs = Math.ceil(Math.max(ms, 0)) + 1;
      await delay(Math.min(wholeMs, MAX_TIMER_MS), undefined, { signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  },
  random: () => Math.random(),
};
