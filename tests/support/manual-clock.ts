import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance`; randomness is a fixed sequence. */
export interface ManualClock extends Clock {
  /** Fires due timers in order, and lets promises settle between them. */
  advance(ms: number): Promise<void>;
  /** Like `advance` for a process that was suspended: what was due fires at the end, once. */
  jump(ms: number): Promise<void>;
  readonly pendingTimers: number;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createManualClock(startWallTime = 1_790_000_000_000): ManualClock {
  let now = 0;
  let order = 0;
  const timers = new Set<Timer>();

  function schedule(ms: number, callback: () => void): () => void {
    const timer = { at: now + Math.max(ms, 0), order: order++, callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  }

  async function fireUntil(end: number): Promise<void> {
    await settle();
    for (;;) {
      const [next] = [...timers]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order);
      if (next === undefined) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.callback();
      await settle();
    }
    now = end;
    await settle();
  }

  return {
    now: () => now,
    wallTime: () => startWallTime + now,
    schedule,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = (): void => {
          cancel();
          reject(signal.reason);
        };
        const cancel = schedule(ms, () => {
          signal.removeEventListener("abort", stop);
          resolve();
        });
        signal.addEventListener("abort", stop, { once: true });
      }),
    random: () => 0.5,
    advance: (ms) => fireUntil(now + ms),
    async jump(ms) {
      now += ms;
      await fireUntil(now);
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
