import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  answered,
  answersInvalid,
  cut,
  fails,
  hangs,
  refused,
  setUpEngine,
  succeeds,
} from "../../support/engine.ts";

const providers = (run: { sent: readonly { provider: string }[] }): string =>
  run.sent.map(({ provider }) => provider).join("");

describe("what follows a failure", () => {
  it.each([true, false])("A-23: falls back alike, streamed: %s", async (stream) => {
    const { clock, call } = setUpEngine({ a: fails(answered(500)), b: succeeds() });
    const run = call({ stream });
    await clock.advance(5_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aab");
    expect(run.sent.map(({ plan }) => plan.trigger)).toEqual(["initial", "retry", "failover"]);
  });

  it("tells of a target that takes no call once, however often it is passed over", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(503)),
      b: succeeds(),
      c: fails(answered(503)),
      d: succeeds(),
    });
    state("b").coolDown(60_000);
    const run = call();
    await clock.advance(30_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aacd");
    expect(run.skipped).toEqual(["b rate-limit"]);
  });

  it("remembers which models a request has outgrown, and those alone", async () => {
    const tooLong = new GatewayError("context-length", "test");
    const models = ["one", "two", "three"];
    // Nobody knows a window: one other model is tried, and no third.
    const twice = setUpEngine({ a: fails(tooLong), b: fails(tooLong), c: succeeds() }, { models });
    const guessed = twice.call();
    await twice.clock.advance(5_000);
    expect(await guessed.done).toMatchObject({ kind: "context-length" });
    expect(providers(guessed)).toBe("ab");

    const once = setUpEngine(
      { a: fails(answered(503)), b: fails(tooLong), c: succeeds() },
      { models },
    );
    const run = once.call();
    await once.clock.advance(5_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aabc");
  });

  it("A-22: whatever comes before the first content is retried", async () => {
    const { clock, call } = setUpEngine({ a: [fails(cut()), succeeds()] });
    const run = call();
    await clock.advance(5_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aa");
  });

  it.each([true, false])(
    "A-28: without other targets nothing else is asked, streamed: %s",
    async (stream) => {
      const { clock, call } = setUpEngine({ a: fails(answered(500)), b: succeeds() });
      const run = call({ stream, at: ["a"] });
      await clock.advance(20_000);
      expect(await run.done).toMatchObject({ kind: "server-error" });
      expect(providers(run)).toBe("aaa");
    },
  );

  it("A-27: a rate limit after output ends the call, and nothing runs on", async () => {
    const { clock, call } = setUpEngine({
      a: fails(answered(429, { "retry-after": "1" }), 10, "partial"),
    });
    const run = call();
    await clock.advance(10);
    expect(await run.done).toMatchObject({ kind: "rate-limit" });
    expect(run.decisions).toEqual(["rate-limit end output-delivered"]);
    expect(run.sent).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("A-25: the error that broke the output outranks that of its continuation", async () => {
    const prefill = answered(400, {}, '{"error":{"message":"prefill is not supported"}}');
    const { clock, call } = setUpEngine({ a: [fails(cut(), 10, "partial"), fails(prefill)] });
    const run = call({ routing: { midStreamRecovery: "continue" }, canContinue: () => true });
    await clock.advance(10_000);
    expect(await run.done).toMatchObject({ kind: "truncated" });
    expect(run.sent.map(({ plan }) => plan.trigger)).toEqual(["initial", "continuation"]);
  });

  it("a continuation whose output is refused is repaired, and no further continuation", async () => {
    const { clock, call } = setUpEngine({
      a: [fails(cut(), 10, "partial"), answersInvalid, fails(answered(503)), succeeds()],
    });
    const routing = { midStreamRecovery: "continue" } as const;
    const retry = { maxAttempts: 5, maxTotalAttempts: 5 };
    const run = call({ routing, retry, repairs: true, canContinue: () => true });
    await clock.advance(60_000);
    expect(await run.done).toBeUndefined();
    expect(run.sent.map(({ plan }) => plan.trigger)).toEqual([
      "initial",
      "continuation",
      "repair",
      "retry",
    ]);
    expect(run.recoveries.map(({ action, discardOutput }) => [action, discardOutput])).toEqual([
      ["continue", false],
      ["repair", true],
      ["retry", false],
    ]);
  });

  it("where a repair fails as well, that is what ends the call", async () => {
    const { clock, call } = setUpEngine({ a: [fails(cut(), 10, "partial"), answersInvalid] });
    const routing = { midStreamRecovery: "continue" } as const;
    const run = call({ routing, repairs: true, canContinue: () => true });
    await clock.advance(60_000);
    expect(await run.done).toMatchObject({ kind: "invalid-output" });
  });

  it("a cancelled continuation is cancelled, and no failure of the provider", async () => {
    const { clock, call } = setUpEngine({ a: [fails(cut(), 10, "partial"), hangs] });
    const run = call({ routing: { midStreamRecovery: "continue" }, canContinue: () => true });
    await clock.advance(10_000);
    expect(run.sent).toHaveLength(2);
    run.cancel(new GatewayError("cancelled", "test"));
    expect(await run.done).toMatchObject({ kind: "cancelled" });
  });

  it("CONTINUE goes where somebody can go on, and else ends as if nothing recovered it", async () => {
    const routing = { midStreamRecovery: "continue" } as const;
    const scripts = { a: fails(cut(), 10, "partial"), b: succeeds() };
    for (const [able, sent] of [
      ["b", "ab"],
      ["c", "a"],
    ]) {
      const { clock, call } = setUpEngine(scripts);
      const run = call({ routing, canContinue: ({ model }) => model.provider === able });
      await clock.advance(10_000);
      expect((await run.done)?.kind).toBe(able === "b" ? undefined : "truncated");
      expect(providers(run)).toBe(sent);
      const reason = able === "b" ? "on classifier" : "end output-delivered";
      expect(run.decisions).toEqual([`truncated ${reason}`]);
    }
  });

  it("RESTART discards what was delivered and may go elsewhere", async () => {
    const { clock, call } = setUpEngine({ a: fails(cut(), 10, "partial"), b: succeeds() });
    const run = call({ routing: { midStreamRecovery: "restart" } });
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(run.recoveries.map(({ discardOutput }) => discardOutput)).toEqual([true, true]);
    expect(providers(run)).toBe("aab");
  });

  it("A-44: attempts stay within the request's and the operator's limits", async () => {
    const alone = setUpEngine({ a: fails(answered(503)) });
    const asked = alone.call({ retry: { maxAttempts: 99, maxTotalAttempts: 99 } });
    await alone.clock.advance(120_000);
    await asked.done;
    expect(asked.sent).toHaveLength(5);

    const { clock, call } = setUpEngine({
      a: fails(answered(500)),
      b: fails(answered(500)),
      c: fails(answered(500)),
    });
    const run = call();
    await clock.advance(60_000);
    expect(await run.done).toMatchObject({ kind: "server-error" });
    expect(run.sent).toHaveLength(4);
  });

  it("A-46: a provider that forces retries for ever meets the ceiling", async () => {
    const forced = answered(429, { "x-should-retry": "true", "retry-after-ms": "1" });
    const { clock, call } = setUpEngine({ a: fails(forced), b: fails(forced), c: fails(forced) });
    const run = call({ retry: { maxTotalAttempts: 8, maxAttempts: 5 } });
    await clock.advance(600_000);
    expect(await run.done).toMatchObject({ kind: "rate-limit" });
    expect(run.sent.length).toBeLessThanOrEqual(8);
  });

  it.each([true, false])(
    "a forced retry counts as one explicit hint, streamed: %s",
    async (stream) => {
      const { clock, call, engine } = setUpEngine({
        a: [fails(answered(302, { "x-should-retry": "true" })), succeeds()],
      });
      const run = call({ stream });
      await clock.advance(10_000);
      expect(await run.done).toBeUndefined();
      expect([...engine.metrics.of("a").decisions.values()]).toEqual([
        { kind: "unknown", retried: true, reason: "explicit-hint", count: 1 },
      ]);
    },
  );

  it("a forbidden retry of a 503 does not happen, a forced one of a 400 neither", async () => {
    for (const [status, wish] of [
      [503, "false"],
      [400, "true"],
    ] as const) {
      const { clock, call } = setUpEngine({
        a: fails(answered(status, { "x-should-retry": wish })),
      });
      const run = call();
      await clock.advance(10_000);
      await run.done;
      expect(run.sent).toHaveLength(1);
    }
  });

  it("a request that never left goes again at once, one time, for nothing", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(refused()) });
    const run = call({ totalMs: 60_000 });
    await clock.advance(0);
    expect(run.sent).toHaveLength(2);
    expect(state("a").instance.budget.level).toBe(0.972);
    await clock.advance(1_000);
    expect(run.sent).toHaveLength(3);
    expect(run.waits).toHaveLength(1);
    // The second repetition is paid for, and a second of filling has passed.
    expect(state("a").instance.budget.level).toBeCloseTo(1 - 14 / 500 + 1 / 60);
  });
});
