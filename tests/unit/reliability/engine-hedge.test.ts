import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import {
  answered,
  fails,
  hangs,
  type Script,
  setUpEngine,
  succeeds,
} from "../../support/engine.ts";

const hedge = { delayMs: 100 };
const outcomes = (run: { sent: readonly { provider: string; outcome: string | undefined }[] }) =>
  run.sent.map(({ provider, outcome }) => `${provider} ${outcome}`);

describe("a hedge", () => {
  it("sends a rival after the wait; the first content wins, and the loser ends in that turn", async () => {
    let abortedAt: number | undefined;
    const slow: Script = async function* (signal, clock) {
      signal.addEventListener("abort", () => {
        abortedAt = clock.now();
      });
      yield* hangs(signal, clock);
    };
    const { clock, call, engine, state } = setUpEngine({ a: slow, b: succeeds(20) });
    const run = call({ hedge });
    await clock.advance(99);
    expect(run.sent).toHaveLength(1);
    await clock.advance(21);
    expect(await run.done).toBeUndefined();
    expect(abortedAt).toBe(120);
    expect(outcomes(run)).toEqual(["a superseded", "b succeeded"]);
    expect(run.sent[1]?.plan.trigger).toBe("hedge");
    // The loser's end is no failure that another attempt follows.
    expect(run.recoveries).toEqual([]);
    expect(engine.metrics.of("b")).toMatchObject({ hedges: 1, hedgeWins: 1 });
    // Charged to the destination; the slow target is not blamed.
    expect(state("b").instance.budget.level).toBeCloseTo(1 - (14 - 1.4) / 500);
    expect(state("a").instance.budget.level).toBe(1);
    expect(state("a").circuit.snapshot().consecutiveFailures).toBe(0);
    expect([state("a").limit.inFlight, state("b").limit.inFlight]).toEqual([0, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends the rival where the first attempt wins after all", async () => {
    const { clock, call, engine } = setUpEngine({ a: succeeds(150), b: hangs });
    const run = call({ hedge });
    await clock.advance(150);
    expect(await run.done).toBeUndefined();
    expect(outcomes(run)).toEqual(["a succeeded", "b superseded"]);
    expect(engine.metrics.of("b")).toMatchObject({ hedges: 1, hedgeWins: 0 });
  });

  it("is not sent after the first content, nor after a failure", async () => {
    const content: Script = async function* (signal, clock) {
      yield { type: "text-delta", partIndex: 0, text: "a" };
      await clock.sleep(1_000, signal);
      yield { type: "finish", reason: "stop", rawReason: "" };
    };
    const { clock, call } = setUpEngine({ a: content, b: succeeds() });
    const run = call({ hedge });
    await clock.advance(1_000);
    expect(outcomes(run)).toEqual(["a succeeded"]);

    const other = setUpEngine({ a: [fails(answered(500), 10), hangs], b: succeeds() });
    const failed = other.call({ hedge });
    await other.clock.advance(5_000);
    expect(failed.sent.filter(({ plan }) => plan.trigger === "hedge")).toEqual([]);
  });

  it("is not sent with less than half of the budget, without another target, or above the share", async () => {
    const poor = setUpEngine({ a: succeeds(200), b: succeeds() });
    poor.state("b").instance.budget.spend(251);
    const run = poor.call({ hedge });
    await poor.clock.advance(200);
    expect(outcomes(run)).toEqual(["a succeeded"]);

    const alone = setUpEngine({ a: succeeds(200) });
    const single = alone.call({ hedge });
    await alone.clock.advance(200);
    expect(outcomes(single)).toEqual(["a succeeded"]);

    const none = { ...DEFAULT_SETTINGS, hedge: { ...DEFAULT_SETTINGS.hedge, share: 0 } };
    const { clock, call, engine } = setUpEngine(
      { a: succeeds(200), b: succeeds(300) },
      { settings: none },
    );
    for (let time = 0; time < 8; time++) {
      const each = call({ hedge });
      await clock.advance(500);
      await each.done;
    }
    expect(engine.metrics.of("b").hedges).toBe(5);
  });

  it("is sent for each call where the share allows it, however many there were", async () => {
    const all = { ...DEFAULT_SETTINGS, hedge: { ...DEFAULT_SETTINGS.hedge, share: 1 } };
    const { clock, call, engine } = setUpEngine(
      { a: succeeds(200), b: succeeds(300) },
      { settings: all },
    );
    for (let time = 0; time < 8; time++) {
      const each = call({ hedge });
      await clock.advance(10_000);
      await each.done;
    }
    expect(engine.metrics.of("b").hedges).toBe(8);
  });

  it("goes on with the rival where the first attempt fails", async () => {
    const { clock, call } = setUpEngine({ a: fails(answered(500), 150), b: succeeds(200) });
    const run = call({ hedge });
    await clock.advance(300);
    expect(await run.done).toBeUndefined();
    expect(outcomes(run)).toEqual(["a failed", "b succeeded"]);
    expect(run.recoveries).toMatchObject([
      { action: "failover", next: { model: { provider: "b" } }, delayMs: 0, discardOutput: false },
    ]);
  });

  it("A-42: acts on the failure that came last, and announces no rival that has failed", async () => {
    const { clock, call } = setUpEngine({
      a: [fails(answered(429, { "retry-after": "3" }), 200), succeeds()],
      b: fails(answered(400), 10),
    });
    const run = call({ hedge });
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(outcomes(run)).toEqual(["a failed", "b failed", "a succeeded"]);
    expect(run.recoveries).toMatchObject([{ action: "retry", next: { model: { provider: "a" } } }]);
    expect((run.sent[2]?.at ?? 0) - 200).toBeGreaterThanOrEqual(3_000);
  });

  it("ends both where the caller leaves, and announces nothing", async () => {
    const { clock, call, state } = setUpEngine({ a: hangs, b: hangs });
    const run = call({ hedge });
    await clock.advance(150);
    run.cancel(new GatewayError("cancelled", "test"));
    expect(await run.done).toMatchObject({ kind: "cancelled" });
    expect(outcomes(run)).toEqual(["a cancelled", "b cancelled"]);
    expect(run.recoveries).toEqual([]);
    expect([state("a").limit.inFlight, state("b").limit.inFlight]).toEqual([0, 0]);
  });
});

describe("limits of an attempt", () => {
  it("A-30: knows whether another target is left", async () => {
    const { clock, call } = setUpEngine({ a: hangs, b: hangs });
    const run = call({ limits: { firstTokenMs: 1_000 } });
    await clock.advance(1_500);
    expect(run.sent.map(({ plan }) => plan.hasNext)).toEqual([true, false]);
    const narrowed = call({ routing: { failoverOn: ["quota"] } });
    await clock.advance(0);
    expect(narrowed.sent[0]?.plan.hasNext).toBe(false);
    const single = call({ retry: { maxTotalAttempts: 1 } });
    await clock.advance(0);
    expect(single.sent[0]?.plan.hasNext).toBe(false);
  });

  it("A-31: the first-token limit ends with the first content, and the idle limit begins", async () => {
    const drip: Script = async function* (signal, clock) {
      for (let piece = 0; piece < 5; piece++) {
        await clock.sleep(90, signal);
        yield { type: "text-delta", partIndex: 0, text: "a" };
      }
      await clock.sleep(1_000, signal);
    };
    const { clock, call } = setUpEngine({ a: drip });
    const run = call({ limits: { firstTokenMs: 100, idleMs: 100 } });
    await clock.advance(549);
    expect(run.ended).toBe(false);
    await clock.advance(1);
    expect(await run.done).toMatchObject({ kind: "idle-timeout" });
  });
});
