import { describe, expect, it } from "vitest";
import type { LimitStandings } from "../../../src/ports/call-limits.ts";
import { createLimitsScene, SMALL } from "../../support/limits-scene.ts";
import { testModel } from "../../support/provider-request.ts";

const perMinute = (amount: number) => [{ amount, windowMs: 60_000 }];
const model = testModel();

describe("limits of a caller and its group", () => {
  it("hold together: whichever is reached first refuses, and nothing is taken of the other", async () => {
    const { tryTo } = await createLimitsScene({
      callers: [
        { id: "anne", group: "team", limits: { requests: perMinute(2) } },
        { id: "bert", group: "team", limits: { requests: perMinute(9) } },
      ],
      groups: [{ id: "team", limits: { requests: perMinute(3) } }],
    });
    const reasons = [];
    for (const caller of ["anne", "anne", "anne", "bert", "bert"])
      reasons.push(await tryTo(caller));
    expect(reasons).toEqual(["", "", "REQUESTS_LIMIT", "", "GROUP_REQUESTS_LIMIT"]);
  });

  it("are the defaults where a caller has none of its own, and none at all otherwise", async () => {
    const scene = { callers: [{ id: "anne" }, { id: "bert", limits: {} }] };
    const { limits } = await createLimitsScene(scene);
    expect(limits.of("anne")).toBeUndefined();
    const settings = { defaults: { requests: perMinute(1) } };
    const { limits: defaulted, tryTo } = await createLimitsScene({ ...scene, settings });
    expect([await tryTo("anne"), await tryTo("anne")]).toEqual(["", "REQUESTS_LIMIT"]);
    expect(defaulted.of("bert")).toBeUndefined();
    expect([await tryTo("unknown"), await tryTo("unknown")]).toEqual(["", "REQUESTS_LIMIT"]);
  });

  it("tell of the refusal that holds longest, and how all of them stand", async () => {
    const limits = { requests: perMinute(1), tokens: [{ amount: 15, windowMs: 3_600_000 }] };
    const { reserve } = await createLimitsScene({ callers: [{ id: "anne", limits }] });
    await reserve("anne");
    let standings: LimitStandings | undefined;
    const refused = reserve("anne", SMALL, (told) => {
      standings = told;
    });
    await expect(refused).rejects.toMatchObject({ kind: "caller-limit", reason: "TOKENS_LIMIT" });
    const { retryAfterMs } = await refused.catch((error) => error);
    expect(retryAfterMs).toBeGreaterThan(3_540_000);
    expect(standings).toMatchObject({
      requests: { amount: 1, remaining: 0 },
      tokens: { amount: 15, remaining: 5 },
    });
  });

  it("tell of one that is nearly used up, by the reason to come, once in its window", async () => {
    const limits = { requests: perMinute(4), warnAt: 0.5 };
    const { tryTo, told, clock } = await createLimitsScene({
      callers: [
        { id: "anne", group: "team", limits: {} },
        { id: "bert", limits },
      ],
      groups: [{ id: "team", limits }],
    });
    for (const caller of ["anne", "anne", "anne", "bert"]) await tryTo(caller);
    const first = ["nearly used GROUP_REQUESTS_LIMIT", "near 4 requests in a minute"];
    expect(told).toEqual(first);
    await tryTo("bert");
    expect(told).toEqual([...first, "nearly used REQUESTS_LIMIT", "near 4 requests in a minute"]);
    await clock.advance(120_000);
    for (const caller of ["anne", "anne"]) await tryTo(caller);
    expect(told.filter((each) => each.includes("GROUP_"))).toHaveLength(2);
  });

  it("ask no store where they are bounds of each call alone", async () => {
    const callers = [{ id: "anne", limits: { maxOutputTokens: 5 } }];
    const { limits, tryTo, setAway } = await createLimitsScene({
      callers,
      settings: { withoutStore: "refuse" },
    });
    setAway(true);
    expect(limits.of("anne")).toMatchObject({ maxOutputTokens: 5, needsOutputLimit: false });
    expect(await tryTo("anne")).toBe("");
  });

  it("apply at once when they are lowered", async () => {
    const caller = { id: "anne", limits: { concurrency: 3 } };
    const { tryTo } = await createLimitsScene({ callers: [caller] });
    expect([await tryTo("anne"), await tryTo("anne")]).toEqual(["", ""]);
    caller.limits = { concurrency: 2 };
    expect(await tryTo("anne")).toBe("CONCURRENCY_LIMIT");
  });

  it("count a call once where two of them have the same window, and the lower one holds", async () => {
    const limits = { requests: [...perMinute(9), ...perMinute(3)] };
    const { tryTo } = await createLimitsScene({ callers: [{ id: "anne", limits }] });
    const reasons = [];
    for (let index = 0; index < 4; index++) reasons.push(await tryTo("anne"));
    expect(reasons).toEqual(["", "", "", "REQUESTS_LIMIT"]);
  });

  it("refuse for ever what is larger than the limit", async () => {
    const limits = { tokens: perMinute(9) };
    const { reserve } = await createLimitsScene({ callers: [{ id: "anne", limits }] });
    const error = await reserve("anne").catch((refusal) => refusal);
    expect(error).toMatchObject({ reason: "TOKENS_LIMIT", retryAfterMs: undefined });
    expect(error.message).toContain("give it a lower limit of output tokens");
  });
});

describe("a limit of money", () => {
  it("begins anew at midnight of the configured time zone", async () => {
    const { clock, reserve, tryTo } = await createLimitsScene({
      callers: [
        { id: "anne", limits: { spend: [{ period: "day", currency: "USD", picos: 100 }] } },
      ],
      settings: { timeZone: "Asia/Kathmandu" },
    });
    const all = { tokens: 0, picos: 100 };
    await reserve("anne", all);
    const refusal = await reserve("anne", all).catch((error) => error);
    expect(refusal).toMatchObject({ reason: "SPEND_LIMIT" });
    // Kathmandu is 5:45 ahead of UTC.
    const passesAt = new Date(clock.wallTime() + refusal.retryAfterMs).toISOString();
    expect(passesAt.slice(10)).toBe("T18:15:00.000Z");
    await clock.advance(refusal.retryAfterMs - 1);
    expect(await tryTo("anne", all)).toBe("SPEND_LIMIT");
    await clock.advance(1);
    expect(await tryTo("anne", all)).toBe("");
  });
});

describe("the places of a killed replica", () => {
  it("come back at a replica that has had no call yet", async () => {
    const { clock, memory, told } = await createLimitsScene({ callers: [] });
    const place = (generationId: string, session: string) =>
      memory.reserve({
        generationId,
        session,
        canMove: false,
        totalMs: 600_000,
        rules: [{ unit: "concurrency", key: "places", most: 1 }],
      });
    await place("lost", "session-killed");
    expect(await place("next", "session-a")).toMatchObject({ state: "refused" });
    await clock.advance(1_000);
    expect(told).toEqual(["1 reaped"]);
    expect(await place("next", "session-a")).toMatchObject({ state: "reserved" });
  });
});

describe("a reservation", () => {
  const limits = { tokens: perMinute(25), requests: perMinute(9) };

  it("is enough for a second attempt where the first has used nothing", async () => {
    const { reserve, memory } = await createLimitsScene({ callers: [{ id: "anne", limits }] });
    const reservation = await reserve("anne");
    expect(reservation.begin(model, SMALL)).toBeUndefined();
    reservation.end(SMALL, { tokens: 0, picos: 0 });
    expect(reservation.begin(model, SMALL)).toBeUndefined();
    expect(await memory.move("g0", "session-a")).toEqual({ tokens: 10, picos: 0 });
  });

  it("grows by the attempts that run beside the first and by what was used, or refuses", async () => {
    const { reserve, memory, clock } = await createLimitsScene({
      callers: [{ id: "anne", limits }],
    });
    const reservation = await reserve("anne");
    expect(reservation.begin(model, SMALL)).toBeUndefined();
    // A hedge beside it.
    await reservation.begin(model, SMALL);
    expect(await memory.move("g0", "session-a")).toEqual({ tokens: 20, picos: 0 });
    await expect(reservation.begin(model, SMALL)).rejects.toMatchObject({ reason: "TOKENS_LIMIT" });
    reservation.settle({ tokens: 7, picos: 0 });
    reservation.settle({ tokens: 9, picos: 0 });
    await clock.advance(0);
    expect(await memory.move("g0", "session-a")).toBeUndefined();
  });

  it("of a generation that was settled meanwhile takes nothing a second time", async () => {
    const { limits: callers } = await createLimitsScene({ callers: [{ id: "anne", limits }] });
    const generation = {
      generationId: "lost",
      isRequestOnly: false,
      model,
      need: SMALL,
      canMove: true,
      totalMs: 1_000,
      onStandings: undefined,
    };
    const reservation = await callers.of("anne")?.resume(generation);
    expect(reservation?.begin(model, { tokens: 1_000, picos: 0 })).toBeUndefined();
  });
});

describe("while the store is away", () => {
  const callers = [{ id: "anne", limits: { requests: perMinute(7) } }];

  it("each replica counts its share by the replicas last seen, and says so", async () => {
    const { tryTo, setAway, told, clock } = await createLimitsScene({ callers, replicas: 3 });
    expect(await tryTo("anne")).toBe("");
    await clock.advance(1_000);
    setAway(true);
    const reasons = [];
    for (let index = 0; index < 3; index++) reasons.push(await tryTo("anne"));
    expect(reasons).toEqual(["", "", "REQUESTS_LIMIT"]);
    setAway(false);
    expect(await tryTo("anne")).toBe("");
    expect(told).toEqual(["local", "REQUESTS_LIMIT", "shared", "2 counted locally"]);
  });

  it("calls that local counts have let pass are told at the end of the process too", async () => {
    const { tryTo, setAway, told, limits } = await createLimitsScene({ callers });
    setAway(true);
    await tryTo("anne");
    await limits.close();
    expect(told).toEqual(["local", "1 counted locally"]);
  });

  it("money is what was left when the store was last asked, and in the next period all of it", async () => {
    const limits = { spend: [{ period: "hour" as const, currency: "USD", picos: 100 }] };
    const scene = { callers: [{ id: "anne", limits }], replicas: 2 };
    const { tryTo, setAway, clock } = await createLimitsScene(scene);
    expect(await tryTo("anne", { tokens: 0, picos: 60 })).toBe("");
    await clock.advance(1_000);
    setAway(true);
    expect(await tryTo("anne", { tokens: 0, picos: 21 })).toBe("SPEND_LIMIT");
    expect(await tryTo("anne", { tokens: 0, picos: 20 })).toBe("");
    await clock.advance(3_600_000);
    expect(await tryTo("anne", { tokens: 0, picos: 50 })).toBe("");
  });

  it("calls are refused where the configuration says so", async () => {
    const settings = { withoutStore: "refuse" as const };
    const { tryTo, setAway } = await createLimitsScene({ callers, settings });
    expect(await tryTo("anne")).toBe("");
    setAway(true);
    expect(await tryTo("anne")).toBe("state-unavailable");
  });

  it("settlements wait, and reach the store when it is back", async () => {
    const { reserve, setAway, memory, clock } = await createLimitsScene({ callers });
    const reservation = await reserve("anne");
    setAway(true);
    reservation.settle({ tokens: 1, picos: 0 });
    await clock.advance(10_000);
    expect(await memory.move("g0", "session-a")).toBeDefined();
    setAway(false);
    await clock.advance(500);
    expect(await memory.move("g0", "session-a")).toBeUndefined();
  });
});
