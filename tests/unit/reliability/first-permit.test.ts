import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { budgetError, refusalError } from "../../../src/reliability/refusal-error.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import type { Refusal } from "../../../src/reliability/target-state.ts";
import { answered, fails, hangs, setUpEngine, succeeds } from "../../support/engine.ts";
import { testModel } from "../../support/provider-request.ts";

const TARGET = { model: testModel({ provider: "a", id: "m" }) };

describe("what a call is told of a target that does not take it", () => {
  const cooling = { state: "cooling", until: 3_500, isAsked: true } as const;

  it.each<[Refusal, object]>([
    [
      { state: "open", until: 3_500 },
      { kind: "circuit-open", message: "the circuit of a/m is open", retryAfterMs: 2_500 },
    ],
    [
      { ...cooling, kind: "rate-limit" },
      { kind: "rate-limit", message: "a/m is rate limited", retryAfterMs: 2_500 },
    ],
    [
      { ...cooling, kind: "provider-overloaded" },
      { kind: "provider-overloaded", message: "a/m asked for a pause", retryAfterMs: 2_500 },
    ],
    [
      { ...cooling, kind: "rate-limit", until: 400 },
      { kind: "rate-limit", message: "a/m is rate limited", retryAfterMs: 0 },
    ],
    [
      { state: "out", kind: "quota", until: 3_500 },
      { kind: "quota", message: "a/m refused its credential or its model lately" },
    ],
    [
      { state: "full", until: 1_000, isReserved: true },
      { kind: "gateway-overloaded", message: "too many calls of this caller run at a/m" },
    ],
    [
      { state: "full", until: 1_000, isReserved: false },
      { kind: "gateway-overloaded", message: "too many calls run at a/m" },
    ],
  ])("%o", (refusal, expected) => {
    const error = refusalError(TARGET, refusal, 1_000);
    expect(error).toMatchObject(expected);
    if (!("retryAfterMs" in expected)) expect(error.retryAfterMs).toBeUndefined();
  });

  it("is the budget that forbids the move", () => {
    expect(budgetError(TARGET, "retry")).toMatchObject({
      kind: "gateway-overloaded",
      reason: "RETRY_BUDGET",
      message: "a/m is not asked again: the retry budget of a is used up",
    });
    expect(budgetError(TARGET, "failover")).toMatchObject({
      kind: "gateway-overloaded",
      reason: "RETRY_BUDGET",
      message: "failovers to a/m pause: too many have failed there",
    });
  });
});

describe("a call that no target takes", () => {
  const { limit, health, retry } = DEFAULT_SETTINGS;
  const calm = { ...DEFAULT_SETTINGS, health: { ...health, panic: false } };

  /** Targets without a probe for everybody: `a` is out, `b` is open, `c` cools, `d` is full. */
  async function setUp() {
    const settings = { ...calm, limit: { ...limit, maxInFlight: 1, queueLength: 0 } };
    const set = setUpEngine({ a: hangs, b: hangs, c: hangs, d: hangs }, { settings });
    const sender = { caller: "other", form: "streamed" as const };
    const permit = set.state("a").acquire(sender);
    if ("end" in permit) permit.end(answered(401));
    const { circuit } = set.state("b");
    for (let failures = 0; failures < 5; failures++) {
      circuit.tryAcquire()?.fail(1);
      await set.clock.advance(health.minSpanMs / 4);
    }
    set.state("c").coolDown(200_000);
    set.state("d").acquire(sender);
    return set;
  }

  it.each([
    [["a", "b", "c", "d"], "too many calls run at d/test-model"],
    [["a", "b", "c"], "the circuit of b/test-model is open"],
    [["a", "c"], "c/test-model is rate limited"],
    [["a"], "a/test-model refused its credential or its model lately"],
  ])("at %o is told of the one that is free first", async (at, message) => {
    const { call, clock } = await setUp();
    const run = call({ at });
    await clock.advance(0);
    expect(await run.done).toMatchObject({ message });
    expect(run.sent).toEqual([]);
    expect(run.skipped.map((skipped) => skipped[0])).toEqual(at);
  });

  it("waits for a pause as long as the operator lets it, and no longer than it has", async () => {
    for (const [pauseMs, totalMs, isTaken] of [
      [retry.maxWaitMs, 600_000, true],
      [retry.maxWaitMs + 1, 600_000, false],
      [10_000, 10_001, true],
      [10_000, 10_000, false],
    ] as const) {
      const { call, clock, state } = setUpEngine({ a: succeeds() }, { settings: calm });
      state("a").coolDown(pauseMs);
      const run = call({ totalMs });
      await clock.advance(0);
      expect(run.ended).toBe(!isTaken);
      await clock.advance(600_000);
      expect(run.sent).toHaveLength(isTaken ? 1 : 0);
    }
  });

  it("waits for a place for a quarter of its time, and no longer than the queue allows", async () => {
    const settings = { ...calm, limit: { ...limit, maxInFlight: 1 } };
    for (const [totalMs, waitMs] of [
      [8_000, 2_000],
      [40_000, limit.queueWaitMs],
    ] as const) {
      const { call, clock } = setUpEngine({ a: hangs }, { settings });
      await clock.advance(1_000);
      const first = call();
      const run = call({ totalMs });
      await clock.advance(waitMs - 1);
      expect(run.ended).toBe(false);
      await clock.advance(1);
      expect(run.ended).toBe(true);
      first.cancel(new GatewayError("cancelled", "test"));
      await first.done;
    }
  });

  it("tells how long it has waited for a place, and for a pause", async () => {
    const settings = { ...calm, limit: { ...limit, maxInFlight: 1 } };
    const queued = setUpEngine({ a: succeeds(1_500) }, { settings });
    await queued.clock.advance(500);
    const runs = [queued.call(), queued.call()];
    await queued.clock.advance(5_000);
    expect(runs[1]?.sent[0]?.plan).toMatchObject({ queuedMs: 1_500, delayMs: 1_500 });

    const cooled = setUpEngine({ a: succeeds() }, { settings });
    await cooled.clock.advance(500);
    cooled.state("a").coolDown(2_000);
    const run = cooled.call();
    await cooled.clock.advance(5_000);
    const [sent] = run.sent;
    expect(sent?.at).toBeGreaterThanOrEqual(2_500);
    // A tenth of the pause at most, so that callers do not return together.
    expect(sent?.at).toBeLessThanOrEqual(2_700);
    expect(sent?.plan).toMatchObject({ queuedMs: 0, delayMs: (sent?.at ?? 0) - 500 });
  });
});

describe("with every target out", () => {
  const sender = { caller: "other", form: "streamed" as const };
  const out = (set: ReturnType<typeof setUpEngine>, name: string): void => {
    const permit = set.state(name).acquire(sender);
    if ("end" in permit) permit.end(answered(401));
  };

  it("probes go to each in turn, first to the one that comes back first", async () => {
    const set = setUpEngine({ a: fails(answered(401)), b: fails(answered(401)) });
    out(set, "b");
    await set.clock.advance(1_000);
    out(set, "a");
    const asked: (string | undefined)[] = [];
    for (let times = 0; times < 3; times++) {
      const run = set.call({ retry: { maxAttempts: 1, maxTotalAttempts: 1 } });
      await set.clock.advance(1_000);
      asked.push(run.sent[0]?.provider);
      expect(run.ended).toBe(true);
    }
    expect(asked).toEqual(["b", "a", "b"]);
  });

  it("no probe goes where the operator wants none, or another target merely cools", async () => {
    const { health } = DEFAULT_SETTINGS;
    const settings = { ...DEFAULT_SETTINGS, health: { ...health, panic: false } };
    const calm = setUpEngine({ a: succeeds() }, { settings });
    out(calm, "a");
    const refused = calm.call();
    await calm.clock.advance(0);
    expect(await refused.done).toMatchObject({ kind: "provider-authentication" });

    const cooling = setUpEngine({ a: succeeds(), b: succeeds() });
    out(cooling, "a");
    cooling.state("b").coolDown(100_000);
    const run = cooling.call();
    await cooling.clock.advance(0);
    expect(await run.done).toMatchObject({ kind: "rate-limit" });
    expect(run.sent).toEqual([]);
  });
});
