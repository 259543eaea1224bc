import { expect, it } from "vitest";
import { LastSpent } from "../../../src/limits/last-spent.ts";
import type { StandingLimit } from "../../../src/limits/limit-refusal.ts";
import type { LimitLevel, LimitRule } from "../../../src/limits/limit-store.ts";
import { type NearLimit, NearLimits } from "../../../src/limits/near-limits.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const CALLER = { scope: "caller", id: "ci", limits: { warnAt: 0.8 } };

interface Given {
  readonly owner?: object;
  readonly key?: string;
  readonly resetMs?: number | undefined;
}

function standing(used: number, given: Given = {}) {
  const { owner, key, resetMs } = { owner: CALLER, key: "k", resetMs: 60_000, ...given };
  const rule = { key, most: 200 };
  return { limit: { owner, rule, text: "200 tokens a minute" }, level: { used, resetMs } };
}

async function setUp() {
  const clock = createManualClock();
  // The clock does not begin at 0.
  await clock.advance(5_000);
  const limits = new NearLimits(clock);
  const told: NearLimit[] = [];
  const messages = (...given: readonly object[]) =>
    limits
      .warningsOf(given as readonly StandingLimit[], (near) => void told.push(near))
      .map(({ reason, message }) => `${reason}: ${message}`);
  return { clock, told, messages };
}

it("a limit is near from its share on, and its owner and its use are told", async () => {
  const { told, messages } = await setUp();
  const group = { scope: "group", id: "team", limits: { warnAt: 0.5 } };
  const silent = { ...CALLER, limits: {} };
  expect(
    messages(
      standing(159),
      standing(160),
      standing(199.9, { owner: group, key: "g" }),
      standing(200, { owner: silent, key: "s" }),
    ),
  ).toEqual([
    "LIMIT_NEAR: the caller may use 200 tokens a minute; 80 % of that are used",
    "LIMIT_NEAR: the group team may use 200 tokens a minute; 99 % of that are used",
  ]);
  expect(told.map(({ used }) => used)).toEqual([160, 199.9]);
});

it.each([
  [60_000, 60_000],
  [undefined, 86_400_000],
])(
  "each answer warns, and the operator is told once a window of %s ms",
  async (resetMs, windowMs) => {
    const { clock, told, messages } = await setUp();
    expect(messages(standing(160, { resetMs }))).toHaveLength(1);
    await clock.advance(windowMs - 1);
    expect(messages(standing(170, { resetMs }))).toHaveLength(1);
    expect(told).toHaveLength(1);
    await clock.advance(1);
    messages(standing(180, { resetMs }));
    expect(told.map(({ used }) => used)).toEqual([160, 180]);
  },
);

it("limits are remembered as told up to a bound, the latest ones", async () => {
  const { told, messages } = await setUp();
  for (let key = 0; key <= 10_000; key++) messages(standing(160, { key: `k${key}` }));
  messages(standing(160, { key: "k1" }));
  expect(told).toHaveLength(10_001);
  messages(standing(160, { key: "k0" }));
  expect(told).toHaveLength(10_002);
});

it("what a counter of money had last holds to the end of its period, and of no other unit", async () => {
  const clock = createManualClock();
  await clock.advance(5_000);
  const last = new LastSpent(clock);
  const rules = [
    { unit: "spend", key: "day" },
    { unit: "tokens", key: "tokens" },
    { unit: "spend", key: "total" },
  ] as unknown as readonly LimitRule[];
  last.note(rules, [
    { used: 7, resetMs: 1_000 },
    { used: 8, resetMs: 1_000 },
    { used: 9, resetMs: undefined },
  ] as unknown as readonly LimitLevel[]);
  await clock.advance(999);
  expect(["day", "tokens", "total", "unknown"].map((key) => last.of(key))).toEqual([7, 0, 9, 0]);
  await clock.advance(1);
  expect([last.of("day"), last.of("total")]).toEqual([0, 9]);
});
