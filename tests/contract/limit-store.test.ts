// Reservations in every store: what is taken, given back, moved and reaped.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { SpendPeriod } from "../../src/domain/caller-limits.ts";
import type {
  ConcurrencyRule,
  LimitRule,
  NewReservation,
  SpendRule,
  WindowRule,
} from "../../src/limits/limit-store.ts";
import { periodAt } from "../../src/limits/period-at.ts";
import { createRedisLimitStore } from "../../src/limits/redis/limit-store.ts";
import { SpendPeriods } from "../../src/limits/spend-periods.ts";
import { RedisEngine } from "../../src/store/redis/engine.ts";
import { createRedisStreamStore } from "../../src/streams/redis/stream-store.ts";
import { type OpenedLimits, useLimitStores } from "../support/limit-stores.ts";
import { isUp, startRedis } from "../support/redis.ts";
import { eventually } from "../support/stack.ts";

const DAY_MS = 86_400_000;
const LUA_FOLDER = new URL("../../src/limits/redis/", import.meta.url);

function requests(most: number, changes: Partial<WindowRule> = {}): WindowRule {
  return { unit: "requests", key: "requests", most, windowMs: DAY_MS, take: 1, ...changes };
}
function tokens(most: number, take: number, changes: Partial<WindowRule> = {}): WindowRule {
  return { unit: "tokens", key: "tokens", most, windowMs: DAY_MS, take, ...changes };
}
function spend(most: number, take: number, changes: Partial<SpendRule> = {}): SpendRule {
  return { unit: "spend", key: "spend", most, borders: [], take, ...changes };
}
const calls = (most: number): ConcurrencyRule => ({ unit: "concurrency", key: "calls", most });

/** Borders of periods in UTC around a moment. */
function bordersAt(period: SpendPeriod, moment: number): readonly number[] {
  return new SpendPeriods({ wallTime: () => moment }, () => "UTC").borders(period);
}

/** The last second of a leap day, at which the clocks of the stores begin. */
const LEAP_DAY_ENDS = Date.UTC(2028, 2, 1) - 1_000;
/** Moments around borders, and random ones of two centuries, most of them far from the borders. */
const MOMENTS = Array.from({ length: 400 }, (_, index) => {
  const step = (index * 2_654_435_761) % 4_294_967_296;
  return Math.floor((step / 4_294_967_296) * 200 * 365.25 * DAY_MS);
});

it("periods begin and end in Redis as they do elsewhere", async () => {
  await using redis = await startRedis();
  const source = readFileSync(new URL("periods.lua", LUA_FOLDER), "utf8");
  const script = `${source}
    local found = {}
    for index = 2, #ARGV do
      local starts, ends = period_at(cjson.decode(ARGV[1]), tonumber(ARGV[index]))
      found[index - 1] = string.format('%.0f %.0f', starts, ends)
    end
    return found`;
  for (const period of ["hour", "day", "month", "total"] as const) {
    const borders = bordersAt(period, LEAP_DAY_ENDS);
    const moments = [...MOMENTS, ...borders.flatMap((border) => [border - 1, border])];
    const given = JSON.stringify(borders);
    const found = await redis.command("EVAL", script, "0", given, ...moments.map(String));
    const expected = moments.map((moment) => {
      const { startMs, endMs } = periodAt(borders, moment);
      return `${startMs} ${Number.isFinite(endMs) ? endMs : -1}`;
    });
    expect(found).toEqual(expected);
  }
});

it("a Redis without memory takes no reservation, and ends those that are there", async () => {
  await using redis = await startRedis();
  const engine = new RedisEngine({ url: redis.url, clock: systemClock });
  const streams = createRedisStreamStore(engine);
  await eventually(() => isUp(streams));
  const limits = createRedisLimitStore(engine);
  const about = { session: "session-a", canMove: false, totalMs: 60_000 };
  await limits.reserve({ ...about, generationId: "g", rules: [calls(1), tokens(100, 60)] });
  // Redis frees buffers of connections now and then: the bound is below what it keeps.
  await redis.limitMemory(-200_000);
  const refused = limits.reserve({ ...about, generationId: "next", rules: [calls(2)] });
  await expect(refused).rejects.toMatchObject({ trouble: { cause: "full" } });
  await limits.settle([{ generationId: "g", requests: 1, tokens: 1, picos: 0 }]);
  await redis.command("CONFIG", "SET", "maxmemory", "0");
  const answer = await limits.reserve({ ...about, generationId: "g", rules: [calls(1)] });
  expect(answer.state).toBe("reserved");
  await engine.close();
});

it("a step in Redis reads the sub-buckets of a window only when one can have left the window", async () => {
  await using redis = await startRedis();
  const engine = new RedisEngine({ url: redis.url, clock: systemClock });
  const streams = createRedisStreamStore(engine);
  await eventually(() => isUp(streams));
  const limits = createRedisLimitStore(engine);
  const about = { session: "session-a", canMove: false, totalMs: 60_000 };
  for (let index = 0; index < 50; index++) {
    const generationId = `g${index}`;
    await limits.reserve({ ...about, generationId, rules: [requests(99), tokens(9_000, 60)] });
    await limits.settle([{ generationId, requests: 1, tokens: 40, picos: 0 }]);
  }
  const stats = String(await redis.command("INFO", "commandstats"));
  const reads = Number(/cmdstat_hgetall:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  // Two windows of a day: a sub-bucket of 24 minutes can end meanwhile, and no second one.
  expect(reads).toBeLessThanOrEqual(4);
  await engine.close();
});

describe.each(useLimitStores())("limits in $name", (under) => {
  let opened: OpenedLimits;
  beforeEach(async () => {
    opened = await under.open();
    await opened.sessions.openSession("session-a", 60_000);
  });
  afterEach(() => opened.close());

  const newReservation = (
    generationId: string,
    rules: readonly LimitRule[],
    changes: Partial<NewReservation> = {},
  ): NewReservation => ({
    generationId,
    session: "session-a",
    canMove: false,
    totalMs: 60_000,
    rules,
    ...changes,
  });
  const reserve = async (...given: Parameters<typeof newReservation>) =>
    opened.limits.reserve(newReservation(...given));
  /** What counts by a rule now: asked with a reservation that is refused. */
  const used = async (rule: LimitRule): Promise<number> => {
    const asked =
      rule.unit === "concurrency" ? { ...rule, most: 0 } : { ...rule, most: -1, take: 0 };
    const { levels } = await reserve("asks", [asked]);
    return levels[0]?.used ?? -1;
  };

  it("lets no more pass than each rule allows", async () => {
    const states = [];
    for (let index = 0; index < 4; index++) {
      states.push((await reserve(`g${index}`, [requests(3), calls(9)])).state);
    }
    expect(states).toEqual(["reserved", "reserved", "reserved", "refused"]);
  });

  it("takes nothing by any rule where one refuses", async () => {
    const answer = await reserve("g", [requests(3), tokens(100, 50), spend(10, 11), calls(1)]);
    expect(answer).toMatchObject({
      state: "refused",
      levels: [{ used: 0 }, { used: 0 }, { used: 0, refused: { waitMs: undefined } }, { used: 0 }],
    });
    for (const rule of [requests(3), tokens(100, 0), spend(10, 0), calls(1)]) {
      expect(await used(rule)).toBe(0);
    }
  });

  it("answers a reservation that is sent twice as it is", async () => {
    await reserve("g", [tokens(100, 60)]);
    const again = await reserve("g", [tokens(100, 60)]);
    expect(again).toMatchObject({ state: "reserved", levels: [{ used: 60 }] });
  });

  it("settles with what was used, and once", async () => {
    await reserve("g", [requests(3), tokens(100, 60), spend(100, 70), calls(1)]);
    const settlement = { generationId: "g", requests: 1, tokens: 10, picos: 20 } as const;
    await opened.limits.settle([settlement]);
    await opened.limits.settle([settlement, { ...settlement, tokens: 90 }]);
    expect(await used(requests(3))).toBe(1);
    expect(await used(tokens(100, 0))).toBe(10);
    expect(await used(spend(100, 0))).toBe(20);
    expect(await used(calls(1))).toBe(0);
  });

  it("counts what was used beyond the reservation", async () => {
    await reserve("g", [tokens(100, 60), spend(100, 70)]);
    await opened.limits.settle([{ generationId: "g", requests: 1, tokens: 130, picos: 140 }]);
    expect(await used(tokens(100, 0))).toBe(130);
    expect(await used(spend(100, 0))).toBe(140);
    expect((await reserve("next", [tokens(100, 1)])).state).toBe("refused");
  });

  it("gives all back of a call that was none", async () => {
    await reserve("g", [requests(1), tokens(100, 60)]);
    await opened.limits.settle([{ generationId: "g", requests: 0, tokens: 0, picos: 0 }]);
    expect((await reserve("next", [requests(1), tokens(100, 100)])).state).toBe("reserved");
  });

  it("keeps what was reserved where nobody knows what was used", async () => {
    await reserve("g", [tokens(100, 60), spend(100, 70)]);
    const unknown = { requests: 1, tokens: undefined, picos: undefined } as const;
    await opened.limits.settle([{ generationId: "g", ...unknown }]);
    expect(await used(tokens(100, 0))).toBe(60);
    expect(await used(spend(100, 0))).toBe(70);
  });

  it("extends by all rules or by none, and settles the whole", async () => {
    await reserve("g", [tokens(100, 60), spend(100, 70)]);
    const refused = await opened.limits.extend("g", [tokens(100, 30), spend(100, 31)]);
    expect(refused.state).toBe("refused");
    expect(await used(tokens(100, 0))).toBe(60);
    const extended = await opened.limits.extend("g", [tokens(100, 30), spend(100, 30)]);
    expect(extended).toMatchObject({ state: "reserved", levels: [{ used: 90 }, { used: 100 }] });
    await opened.limits.settle([{ generationId: "g", requests: 1, tokens: 5, picos: 6 }]);
    expect(await used(tokens(100, 0))).toBe(5);
    expect(await used(spend(100, 0))).toBe(6);
    expect((await opened.limits.extend("g", [tokens(100, 1)])).state).toBe("gone");
  });

  it("counts money exactly, and near the largest amounts within their rounding", async () => {
    await reserve("small", [spend(9_007_199_254_740_991, 9_007_199_254_740_990)]);
    expect((await reserve("pico", [spend(9_007_199_254_740_991, 1)])).state).toBe("reserved");
    expect((await reserve("over", [spend(9_007_199_254_740_991, 1)])).state).toBe("refused");
    const key = "large";
    expect((await reserve("large", [spend(1e18, 1e18, { key })])).state).toBe("reserved");
    expect(await used(spend(1e18, 0, { key }))).toBe(1e18);
  });

  it("moves with the generation, and says what is held", async () => {
    await opened.sessions.openSession("session-b", 60_000);
    await reserve("g", [requests(2), tokens(100, 60), spend(100, 70), calls(1)], { canMove: true });
    await opened.limits.extend("g", [tokens(100, 5)]);
    expect(await opened.limits.move("g", "session-b")).toEqual({ tokens: 65, picos: 70 });
    await opened.sessions.closeSession("session-a");
    expect(await opened.limits.reap(10)).toMatchObject({ lost: 0 });
    expect(await used(calls(1))).toBe(1);
    expect(await opened.limits.move("none", "session-b")).toBeUndefined();
  });

  it("returns the leases of a dead replica, and counts what its generations had reserved", async () => {
    await opened.sessions.openSession("session-b", 60_000);
    await reserve("g", [tokens(100, 60), calls(1)], { session: "session-b" });
    await reserve("lives", [tokens(100, 1)]);
    expect((await opened.limits.reap(10)).lost).toBe(0);
    await opened.sessions.closeSession("session-b");
    expect((await opened.limits.reap(10)).lost).toBe(1);
    expect(await used(calls(1))).toBe(0);
    expect(await used(tokens(100, 0))).toBe(61);
  });

  it("leaves a generation that can move to other replicas", async () => {
    await opened.sessions.openSession("session-b", 60_000);
    await reserve("g", [calls(1)], { session: "session-b", canMove: true });
    await opened.sessions.closeSession("session-b");
    expect((await opened.limits.reap(10)).lost).toBe(0);
    if (opened.advance === undefined) return;
    await opened.advance(60_000);
    expect((await opened.limits.reap(10)).lost).toBe(1);
    expect(await used(calls(1))).toBe(0);
  });

  it("says when a window lets the call pass, to the millisecond", async () => {
    const windowMs = 6_000;
    await reserve("first", [tokens(100, 60, { windowMs })]);
    await opened.advance?.(1_050);
    await reserve("second", [tokens(100, 40, { windowMs })]);
    const { levels } = await reserve("third", [tokens(100, 61, { windowMs })]);
    const waitMs = levels[0]?.refused?.waitMs ?? -1;
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(windowMs + windowMs / 60);
    if (opened.advance === undefined) return;
    await opened.advance(waitMs - 1);
    expect((await reserve("early", [tokens(100, 61, { windowMs })])).state).toBe("refused");
    await opened.advance(1);
    expect((await reserve("due", [tokens(100, 61, { windowMs })])).state).toBe("reserved");
  });

  it("counts in the period of its own time, however wrong the clock of a replica is", async () => {
    const now = opened.advance === undefined ? Date.now() : LEAP_DAY_ENDS;
    for (const period of ["hour", "day"] as const) {
      const rule = (clock: number) =>
        spend(100, 60, { key: period, borders: bordersAt(period, clock) });
      expect((await reserve(period, [rule(now)])).state).toBe("reserved");
      for (const wrong of [now - 9 * DAY_MS, now - 3_600_000, now + 90 * DAY_MS])
        expect((await reserve(`${period} ${wrong}`, [rule(wrong)])).state).toBe("refused");
    }
  });

  it("counts money once of a generation that has taken more in the next period", async () => {
    const now = opened.advance === undefined ? Date.now() : LEAP_DAY_ENDS;
    const before = spend(100, 60, { borders: [now - 9_000_000, now + 9_000_000] });
    const after = spend(100, 30, { borders: [now - 8_000_000, now + 9_000_000] });
    await reserve("g", [before]);
    expect((await opened.limits.extend("g", [after])).state).toBe("reserved");
    expect(await opened.limits.move("g", "session-a")).toMatchObject({ picos: 90 });
    await opened.limits.settle([{ generationId: "g", requests: 1, tokens: 0, picos: 80 }]);
    expect([await used(before), await used(after)]).toEqual([60, 20]);
    await reserve("more", [before]).then(() => opened.limits.extend("more", [after]));
    await opened.limits.settle([{ generationId: "more", requests: 1, tokens: 0, picos: 5 }]);
    expect([await used(before), await used(after)]).toEqual([60, 20]);
  });

  it("begins a new month at its first millisecond, and a day and an hour", async () => {
    if (opened.advance === undefined) return;
    const rules = (["hour", "day", "month"] as const).map((period) =>
      spend(100, 100, { key: period, borders: bordersAt(period, LEAP_DAY_ENDS) }),
    );
    expect((await reserve("february", rules)).state).toBe("reserved");
    const { levels } = await reserve("late", rules);
    expect(levels.map(({ refused }) => refused)).toEqual(Array(3).fill({ waitMs: 1_000 }));
    await opened.advance(999);
    expect((await reserve("later", rules)).state).toBe("refused");
    await opened.advance(1);
    expect((await reserve("march", rules)).state).toBe("reserved");
    // What february used beyond its reservation is february's.
    await opened.limits.settle([{ generationId: "february", requests: 1, tokens: 0, picos: 900 }]);
    for (const rule of rules) expect(await used(rule)).toBe(100);
  });
});
