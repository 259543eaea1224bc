import { describe, expect, it } from "vitest";
import { HedgeAllowance, hedgeDelayMs } from "../../../src/reliability/hedge-allowance.ts";
import { Latency } from "../../../src/reliability/latency.ts";
import { DEFAULT_SETTINGS, limitOf } from "../../../src/reliability/reliability-settings.ts";
import { RetryBudget } from "../../../src/reliability/retry-budget.ts";
import { RollingCounts } from "../../../src/reliability/rolling-counts.ts";
import { SizedLatency } from "../../../src/reliability/sized-latency.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("RetryBudget", () => {
  const { budget: settings } = DEFAULT_SETTINGS;

  it("pays for a burst, then for a tenth of what succeeds", () => {
    const budget = new RetryBudget(createManualClock(), () => settings);
    const spendAll = (): number => {
      let times = 0;
      while (budget.canSpend(settings.transientCost)) {
        budget.spend(settings.transientCost);
        times++;
      }
      return times;
    };
    expect(spendAll()).toBe(35);
    for (let success = 0; success < 1_000; success++) {
      budget.refill();
      if (success % 100 === 99) expect(spendAll()).toBeLessThanOrEqual(11);
    }
  });

  it("holds no more than its capacity, and may have none", () => {
    const budget = new RetryBudget(createManualClock(), () => settings);
    budget.refill();
    budget.refund(14);
    expect(budget.level).toBe(1);
    const none = new RetryBudget(createManualClock(), () => ({ ...settings, capacity: 0 }));
    expect(none.level).toBe(0);
    expect(none.canSpend(5)).toBe(false);
    expect(none.canSpend(0)).toBe(true);
  });

  it("takes a smaller capacity from a reload", () => {
    let capacity = 500;
    const budget = new RetryBudget(createManualClock(), () => ({ ...settings, capacity }));
    capacity = 100;
    expect(budget.level).toBe(1);
    budget.refill();
    budget.spend(60);
    expect(budget.level).toBe(0.4);
  });
});

describe("RetryBudget and time", () => {
  const { budget: settings } = DEFAULT_SETTINGS;

  it("field:E2 fills by itself within the time that is set", async () => {
    const clock = createManualClock();
    const budget = new RetryBudget(clock, () => settings);
    budget.spend(5_000);
    expect(budget.level).toBe(0);
    await clock.advance(settings.fillMs / 2 - 1);
    expect(budget.isLow).toBe(true);
    await clock.advance(1);
    expect(budget.isLow).toBe(false);
    await clock.advance(settings.fillMs);
    expect(budget.level).toBe(1);
  });

  it("field:E7 has room for one second of the usual calls", async () => {
    for (const perSecond of [1, 20, 200, 2_000]) {
      const clock = createManualClock();
      const budget = new RetryBudget(clock, () => settings);
      for (let call = 0; call < 60 * perSecond; call++) {
        budget.called();
        await clock.advance(1_000 / perSecond);
      }
      let retries = 0;
      while (budget.canSpend(settings.transientCost, true)) {
        budget.spend(settings.transientCost);
        retries++;
      }
      expect(retries).toBeGreaterThanOrEqual(Math.max(35, Math.floor(0.99 * perSecond)));
      expect(retries).toBeLessThanOrEqual(Math.max(35, 1.01 * perSecond));
    }
  });

  it("that the operator has closed stays closed, and closes no failover", () => {
    const none = new RetryBudget(createManualClock(), () => ({ ...settings, capacity: 0 }));
    for (let call = 0; call < 1_000; call++) none.called();
    expect(none.canSpend(1)).toBe(false);
    expect(none.isLow).toBe(false);
  });
});

describe("SizedLatency", () => {
  it("knows a size by its like, by smaller ones in proportion, and by one that is larger", () => {
    const latency = new SizedLatency();
    expect(latency.quantile(0.9, 1_000, 0)).toBeUndefined();
    latency.add(1_000, 300, 0);
    expect(latency.quantile(0.9, 1_023, 0)).toBe(300);
    expect(latency.quantile(0.9, 2_000, 0)).toBe(600);
    expect(latency.quantile(0.9, 4_000, 0)).toBe(1_200);
    // Too far away to say anything.
    expect(latency.quantile(0.9, 8_000, 0)).toBeUndefined();
    expect(latency.quantile(0.9, 500, 0)).toBe(300);
    expect(latency.quantile(0.9, 200, 0)).toBeUndefined();
    latency.add(2_000, 500, 0);
    expect(latency.quantile(0.9, 2_000, 0)).toBe(500);
    // Old measurements are forgotten.
    expect(latency.quantile(0.9, 2_000, 700_000)).toBeUndefined();
  });

  it("takes every size", () => {
    const latency = new SizedLatency();
    for (const size of [0, 1, 1e9, Number.MAX_SAFE_INTEGER]) latency.add(size, 5, 0);
    expect(latency.quantile(0.5, 0, 0)).toBe(5);
    expect(latency.quantile(0.5, 1e12, 0)).toBe(5);
  });
});

describe("HedgeAllowance", () => {
  it("allows a few at once, then the share", () => {
    const allowance = new HedgeAllowance(() => 0.05);
    let taken = 0;
    for (let request = 0; request < 1_000; request++) {
      allowance.request();
      if (allowance.take()) taken++;
    }
    expect(taken).toBeLessThanOrEqual(5 + 50);
    expect(taken).toBeGreaterThanOrEqual(50);
  });

  it("allows none with a share of nothing, once the burst is over", () => {
    const allowance = new HedgeAllowance(() => 0);
    for (let time = 0; time < 5; time++) expect(allowance.take()).toBe(true);
    allowance.request();
    expect(allowance.take()).toBe(false);
  });
});

describe("hedgeDelayMs", () => {
  const measured = (ms: number): Latency => {
    const latency = new Latency();
    for (let sample = 0; sample < 20; sample++) latency.add(ms, 0);
    return latency;
  };

  it("is what was asked for, else the measured 95th percentile, else unknown", () => {
    expect(hedgeDelayMs(70, measured(900), 500, 0)).toBe(70);
    expect(hedgeDelayMs(undefined, measured(900), 500, 0)).toBe(900);
    expect(hedgeDelayMs(undefined, measured(90), 500, 0)).toBe(500);
    expect(hedgeDelayMs(undefined, new Latency(), 500, 0)).toBeUndefined();
  });
});

describe("Latency", () => {
  it("says nothing of fewer than five samples", () => {
    const latency = new Latency();
    for (const ms of [1, 2, 3, 4]) latency.add(ms, 0);
    expect(latency.quantile(0.5, 0)).toBeUndefined();
    latency.add(5, 0);
    expect(latency.quantile(0.5, 0)).toBe(3);
    expect(latency.quantile(0.95, 0)).toBe(5);
  });

  it("forgets what is old", () => {
    const latency = new Latency();
    for (let sample = 0; sample < 10; sample++) latency.add(1_000, 0);
    for (let sample = 0; sample < 5; sample++) latency.add(10, 600_000);
    expect(latency.quantile(0.95, 600_000)).toBe(1_000);
    expect(latency.quantile(0.95, 606_000)).toBe(10);
    expect(latency.quantile(0.5, 2_000_000)).toBeUndefined();
  });

  it("looks at many samples four times a second, and at a few each time", () => {
    const now = 100_000;
    for (const [samples, isSettled] of [
      [31, false],
      [32, true],
    ] as const) {
      const latency = new Latency();
      for (let sample = 0; sample < samples; sample++) latency.add(10, now);
      expect(latency.quantile(0.95, now)).toBe(10);
      for (let sample = 0; sample < 90; sample++) latency.add(1_000, now);
      expect(latency.quantile(0.95, now + 249)).toBe(isSettled ? 10 : 1_000);
      expect(latency.quantile(0.95, now + 250)).toBe(1_000);
    }
  });

  it("keeps the latest samples", () => {
    const latency = new Latency();
    for (let sample = 0; sample < 500; sample++) latency.add(sample, sample);
    expect(latency.quantile(0.01, 500)).toBeGreaterThanOrEqual(372);
  });
});

describe("RollingCounts", () => {
  const WINDOW = 120_000;

  it("counts what lies within the window", () => {
    const counts = new RollingCounts();
    counts.request(0, WINDOW);
    counts.failure(0, WINDOW, 1);
    counts.request(60_000, WINDOW);
    expect(counts.totals(60_000, WINDOW)).toEqual({ requests: 2, failures: 1, failingSince: 0 });
    expect(counts.totals(120_000, WINDOW)).toEqual({
      requests: 1,
      failures: 0,
      failingSince: undefined,
    });
    expect(counts.totals(1e9, WINDOW)).toMatchObject({ requests: 0, failures: 0 });
  });

  it("never has more failures than calls", () => {
    const counts = new RollingCounts();
    counts.request(0, WINDOW);
    counts.failure(119_999, WINDOW, 1);
    expect(counts.totals(125_000, WINDOW)).toMatchObject({ requests: 0, failures: 0 });
  });

  it("knows since when calls fail, and forgets it with them", () => {
    const counts = new RollingCounts();
    counts.failure(5_000, WINDOW, 1);
    counts.failure(50_000, WINDOW, 1);
    expect(counts.totals(60_000, WINDOW).failingSince).toBe(5_000);
    expect(counts.totals(130_000, WINDOW).failingSince).toBe(50_000);
    counts.clear();
    expect(counts.totals(130_000, WINDOW).failingSince).toBeUndefined();
  });

  it("takes back a call that said nothing", () => {
    const counts = new RollingCounts();
    counts.request(0, WINDOW);
    counts.withdraw(0, WINDOW);
    counts.withdraw(0, WINDOW);
    expect(counts.totals(0, WINDOW).requests).toBe(0);
  });

  it("begins anew with a window of another length", () => {
    const counts = new RollingCounts();
    counts.request(1e7, 1_000);
    expect(counts.totals(1e7, WINDOW).requests).toBe(0);
    counts.request(1e7, WINDOW);
    expect(counts.totals(1e7, WINDOW).requests).toBe(1);
  });
});

it("field:E21 the limit of a target: its model's, else its instance's, else that of all", () => {
  const targetLimits = new Map([
    ["one", { maxInFlight: 4, queueLength: 3 }],
    ["one/m", { maxInFlight: 1 }],
  ]);
  const settings = { ...DEFAULT_SETTINGS, targetLimits };
  const { queueWaitMs, callerShare } = DEFAULT_SETTINGS.limit;
  expect(limitOf(settings, "one", "m")).toEqual({
    maxInFlight: 1,
    queueLength: 3,
    queueWaitMs,
    callerShare,
  });
  expect(limitOf(settings, "one", "n")).toEqual({
    maxInFlight: 4,
    queueLength: 3,
    queueWaitMs,
    callerShare,
  });
  expect(limitOf(settings, "two", "m")).toBe(DEFAULT_SETTINGS.limit);
});
