import { describe, expect, it } from "vitest";
import { reliabilitySettings } from "../../../src/config/reliability.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/settings.ts";

const { retry, health } = DEFAULT_SETTINGS;

describe("reliabilitySettings", () => {
  it("is the defaults where the file says nothing", () => {
    expect(reliabilitySettings({})).toEqual(DEFAULT_SETTINGS);
  });

  it("leaves places to others where there are several callers", () => {
    const { limit } = reliabilitySettings({}, { hasSeveralCallers: true });
    expect(limit).toEqual({ ...DEFAULT_SETTINGS.limit, callerShare: 0.75 });
    const given = reliabilitySettings({ limit: { callerShare: 0.5 } }, { hasSeveralCallers: true });
    expect(given.limit.callerShare).toBe(0.5);
  });

  it("lets a default follow a limit that is set beyond it", () => {
    const set = reliabilitySettings({
      retry: { attempts: 9, totalAttempts: 12, maxWaitMs: 500 },
      health: { ejectionMs: 60_000 },
    });
    expect(set.retry).toEqual({
      attempts: 9,
      maxAttempts: 9,
      totalAttempts: 12,
      maxTotalAttempts: 12,
      transient: { baseMs: 50, lastTargetBaseMs: 500, capMs: 500 },
      throttle: { baseMs: 500, lastTargetBaseMs: 500, capMs: 500 },
      maxWaitMs: 500,
      maxTotalDelayMs: 60_000,
      shortHintMs: 2_500,
    });
    expect(set.health).toEqual({ ...health, ejectionMs: 60_000, maxEjectionMs: 60_000 });
  });

  it("takes each value as it stands", () => {
    const set = reliabilitySettings({
      retry: {
        transient: { baseMs: 1, capMs: 2 },
        throttle: { lastTargetBaseMs: 2_000, capMs: 3_000 },
        maxTotalDelayMs: 5_000,
        shortHintMs: 6,
      },
      budget: { capacity: 1, transientCost: 2, throttleCost: 3, refill: 4, fillMs: 5 },
      health: { panic: false, failureRate: 0.1, minSpanMs: 7 },
      limit: { maxInFlight: 1, queueLength: 0, queueWaitMs: 2, callerShare: 0.5 },
      hedge: { share: 0, minDelayMs: 1, maxInputTokens: 2 },
    });
    expect(set).toEqual({
      targetLimits: new Map(),
      retry: {
        ...retry,
        transient: { baseMs: 1, lastTargetBaseMs: 2, capMs: 2 },
        throttle: { baseMs: 1_000, lastTargetBaseMs: 2_000, capMs: 3_000 },
        maxTotalDelayMs: 5_000,
        shortHintMs: 6,
      },
      budget: { capacity: 1, transientCost: 2, throttleCost: 3, refill: 4, fillMs: 5 },
      health: { ...health, panic: false, failureRate: 0.1, minSpanMs: 7 },
      limit: { maxInFlight: 1, queueLength: 0, queueWaitMs: 2, callerShare: 0.5 },
      hedge: { share: 0, minDelayMs: 1, maxInputTokens: 2 },
    });
  });

  it("shortens the first wait at the last target with the one that it is derived from", () => {
    const { transient } = reliabilitySettings({ retry: { transient: { baseMs: 10 } } }).retry;
    expect(transient).toEqual({ baseMs: 10, lastTargetBaseMs: 100, capMs: 2_000 });
    const given = { retry: { transient: { lastTargetBaseMs: 3_000 } } };
    expect(() => reliabilitySettings(given)).toThrow("longest wait (2000 ms)");
  });

  it("refuses a first wait that is longer than the longest", () => {
    const given = { retry: { transient: { baseMs: 3_000 } } };
    expect(() => reliabilitySettings(given)).toThrow("longest wait (2000 ms)");
  });
});
