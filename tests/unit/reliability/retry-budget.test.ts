import { describe, expect, it } from "vitest";
import {
  type BudgetSettings,
  DEFAULT_SETTINGS,
} from "../../../src/reliability/reliability-settings.ts";
import { RetryBudget } from "../../../src/reliability/retry-budget.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const { capacity, transientCost } = DEFAULT_SETTINGS.budget;
/** Time fills nothing here. */
const STILL = { ...DEFAULT_SETTINGS.budget, fillMs: Number.POSITIVE_INFINITY };

function setUp(changes: Partial<BudgetSettings> = {}) {
  const clock = createManualClock();
  const settings = { ...STILL, ...changes };
  const budget = new RetryBudget(clock, () => settings);
  /** Tokens that a repetition at the last target may cost. */
  const room = (): number => {
    let [least, most] = [0, 1e6];
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (budget.canSpend(middle, true)) least = middle;
      else most = middle - 1;
    }
    return least;
  };
  return {
    clock,
    budget,
    room,
    call(times: number): void {
      for (let time = 0; time < times; time++) budget.called();
    },
  };
}

describe("the room at the last target", () => {
  it("is that of the calls of this second, and of the one before", async () => {
    const { clock, room, call } = setUp();
    expect(room()).toBe(capacity);
    await clock.advance(5_000);
    call(100);
    expect(room()).toBe(100 * transientCost);
    call(20);
    await clock.advance(999);
    expect(room()).toBe(120 * transientCost);
    await clock.advance(1);
    expect(room()).toBe(120 * transientCost);
    await clock.advance(999);
    expect(room()).toBe(120 * transientCost);
    await clock.advance(1);
    expect(room()).toBe(capacity);
  });

  it("is not that of a second long ago", async () => {
    const { clock, room, call } = setUp();
    call(100);
    await clock.advance(2_500);
    call(1);
    expect(room()).toBe(capacity);
  });

  it("is that of the usual rate, which fades with the time without calls", async () => {
    const { clock, room, call } = setUp();
    for (let second = 0; second < 100; second++) {
      call(100);
      await clock.advance(1_000);
    }
    await clock.advance(1_000);
    // A hundred a second, weighed by e for each ten seconds: a geometric sum.
    const weight = 100 / (1 - Math.exp(-0.1));
    const perSecond = (seconds: number): number => (weight * Math.exp(-seconds / 10)) / 10;
    expect(room()).toBe(Math.floor(perSecond(2) * transientCost));
    await clock.advance(4_000);
    expect(room()).toBe(Math.floor(perSecond(6) * transientCost));
    await clock.advance(60_000);
    expect(room()).toBe(capacity);
  });

  it("is that of the capacity for anybody else, and none where the operator has closed it", () => {
    const { budget, call } = setUp();
    call(100);
    expect(budget.canSpend(capacity)).toBe(true);
    expect(budget.canSpend(capacity + 1)).toBe(false);
    const closed = setUp({ capacity: 0 });
    closed.call(100);
    expect(closed.room()).toBe(0);
  });

  it("bounds the debt", () => {
    const { budget, call } = setUp();
    budget.spend(10 * capacity);
    budget.refill(10);
    expect(budget.canSpend(10)).toBe(true);
    expect(budget.canSpend(11)).toBe(false);
    call(100);
    budget.spend(10_000);
    expect(budget.canSpend(1, true)).toBe(false);
    budget.refill(5);
    expect(budget.canSpend(5, true)).toBe(true);
    expect(budget.canSpend(6, true)).toBe(false);
  });
});

describe("a budget", () => {
  it("is low below its half, and while it has something to miss", () => {
    const { budget } = setUp();
    expect(budget.isLow).toBe(false);
    budget.spend(capacity / 2);
    expect([budget.level, budget.isLow]).toEqual([0.5, false]);
    budget.spend(1);
    expect(budget.isLow).toBe(true);
    budget.refund(1);
    expect(budget.isLow).toBe(false);
  });

  it("has what is given back, and never more than all of it", () => {
    const { budget } = setUp();
    budget.spend(100);
    budget.refill();
    expect(budget.level).toBeCloseTo(1 - (100 - STILL.refill) / capacity);
    budget.refund(50);
    budget.refill(200);
    expect(budget.level).toBe(1);
    budget.spend(10);
    expect(budget.level).toBe(1 - 10 / capacity);
  });

  it("fills with the time since it was looked at, in proportion to its room", async () => {
    const { budget, clock } = setUp({ fillMs: 10_000 });
    await clock.advance(3_000);
    budget.spend(capacity);
    await clock.advance(2_500);
    expect(budget.level).toBeCloseTo(0.25);
    expect(budget.level).toBeCloseTo(0.25);
    await clock.advance(5_000);
    expect(budget.level).toBeCloseTo(0.75);
    await clock.advance(60_000);
    budget.spend(100);
    expect(budget.level).toBeCloseTo(1 - 100 / capacity);
  });
});
