import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_TIMER_MS, systemClock } from "../../src/clock.ts";

/** What each duration would wrap to in one timer: 1 ms. */
const LONG = [MAX_TIMER_MS + 1, 2 ** 32, 2 ** 32 + 5, 5 * MAX_TIMER_MS + 3];

describe("the system clock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([0, 1, MAX_TIMER_MS, ...LONG])("schedules a callback after %d ms", (ms) => {
    const callback = vi.fn();
    systemClock.schedule(ms, callback);
    vi.advanceTimersByTime(Math.max(ms - 1, 0));
    if (ms > 0) expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("never calls after an endless time", () => {
    const callback = vi.fn();
    const cancel = systemClock.schedule(Number.POSITIVE_INFINITY, callback);
    vi.advanceTimersByTime(3 * MAX_TIMER_MS);
    expect(callback).not.toHaveBeenCalled();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([5, ...LONG])("takes a callback after %d ms back at any time", (ms) => {
    for (const afterMs of [0, ms - 1]) {
      const callback = vi.fn();
      const cancel = systemClock.schedule(ms, callback);
      vi.advanceTimersByTime(afterMs);
      cancel();
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(ms);
      expect(callback).not.toHaveBeenCalled();
    }
  });

  it.each([5, ...LONG])("sleeps %d ms and not less", async (ms) => {
    const woken = vi.fn();
    const sleep = systemClock.sleep(ms, new AbortController().signal).then(woken);
    await vi.advanceTimersByTimeAsync(ms);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([5, ...LONG])("ends a sleep of %d ms with the signal's reason", async (ms) => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(ms, stop.signal);
    stop.abort(new Error("enough"));
    await expect(sleep).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
    await expect(systemClock.sleep(ms, stop.signal)).rejects.toThrow("enough");
  });
});
