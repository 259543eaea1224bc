/** Time and randomness as parameters. Production uses `systemClock`, tests a manual clock. */
export interface Clock {
  /** Monotonic milliseconds, for durations and limits. */
  now(): number;
  /** Milliseconds since the epoch, for timestamps only. */
  wallTime(): number;
  /** Calls `callback` once after `ms`, which has no upper bound. The returned function cancels the call. */
  schedule(ms: number, callback: () => void): () => void;
  /** Resolves after `ms`, never earlier. Rejects with the signal's reason on abort. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

/** Longest delay of Node's timers, 24.8 days. A timer with a longer delay fires at once. */
export const MAX_TIMER_MS = 2_147_483_647;

function schedule(ms: number, callback: () => void): () => void {
  if (!(ms > MAX_TIMER_MS)) {
    const timer = setTimeout(callback, Math.max(ms, 0));
    return () => clearTimeout(timer);
  }
  let cancel = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = schedule(ms - MAX_TIMER_MS, callback);
  }, MAX_TIMER_MS);
  return () => cancel();
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = (): void => {
        cancel();
        reject(signal.reason);
      };
      // Node's timers use a different clock with whole milliseconds, and can fire up to 1 ms early.
      const cancel = schedule(Math.ceil(Math.max(ms, 0)) + 1, () => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
      signal.addEventListener("abort", stop, { once: true });
    }),
  random: () => Math.random(),
};
