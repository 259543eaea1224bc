import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { RetryMetrics } from "../../../src/reliability/retry-metrics.ts";
import { answered, fails, hangs, setUpEngine, succeeds } from "../../support/engine.ts";

describe("RetryMetrics", () => {
  it("counts what each instance was asked, by the reason for it", () => {
    const metrics = new RetryMetrics();
    metrics.attempt("a", "initial", 0);
    metrics.attempt("a", "retry", 100);
    metrics.attempt("a", "failover", 20);
    metrics.attempt("b", "hedge", 3);
    metrics.attempt("b", "continuation", 0);
    expect(metrics.of("a")).toMatchObject({ attempts: 3, retries: 1, failovers: 1, hedges: 0 });
    expect(metrics.of("a").delayMs).toBe(120);
    expect(metrics.of("b")).toMatchObject({ attempts: 2, retries: 0, failovers: 0, hedges: 1 });
  });

  it("counts failures by kind, and decisions by kind, answer and reason", () => {
    const metrics = new RetryMetrics();
    for (let time = 0; time < 3; time++) metrics.failure("a", "network");
    metrics.failure("a", "rate-limit");
    expect([...metrics.of("a").errors]).toEqual([
      ["network", 3],
      ["rate-limit", 1],
    ]);
    for (let time = 0; time < 3; time++) metrics.decision("a", "network", true, "classifier");
    metrics.decision("a", "network", false, "classifier");
    metrics.decision("a", "network", false, "deadline");
    expect([...metrics.of("a").decisions.values()]).toEqual([
      { kind: "network", retried: true, reason: "classifier", count: 3 },
      { kind: "network", retried: false, reason: "classifier", count: 1 },
      { kind: "network", retried: false, reason: "deadline", count: 1 },
    ]);
  });
});

describe("a call that is over", () => {
  it("is recovered at the instance that answered, if that was not its first attempt", async () => {
    const { clock, call, engine } = setUpEngine({ a: fails(answered(503)), b: succeeds() });
    const runs = [call(), call({ at: ["b"] })];
    await clock.advance(60_000);
    expect(await Promise.all(runs.map(({ done }) => done))).toEqual([undefined, undefined]);
    expect(engine.metrics.of("a").recovered).toBe(0);
    expect(engine.metrics.of("b").recovered).toBe(1);
  });

  it("is recovered with its second attempt already, and not with its first", async () => {
    const { clock, call, engine } = setUpEngine({ a: [fails(answered(503)), succeeds()] });
    const retried = call();
    await clock.advance(10_000);
    expect(await retried.done).toBeUndefined();
    expect(retried.sent).toHaveLength(2);
    const single = call();
    await clock.advance(10_000);
    expect(await single.done).toBeUndefined();
    expect(engine.metrics.of("a").recovered).toBe(1);
  });

  it("waits in a queue for a quarter of the time that it has, whatever the time is", async () => {
    const limit = { ...DEFAULT_SETTINGS.limit, maxInFlight: 1, queueWaitMs: 60_000 };
    const { clock, call } = setUpEngine({ a: hangs }, { settings: { ...DEFAULT_SETTINGS, limit } });
    await clock.advance(5_000);
    const [running, waiting] = [call(), call({ totalMs: 4_000 })];
    await clock.advance(999);
    expect(waiting.ended).toBe(false);
    await clock.advance(1);
    expect(await waiting.done).toMatchObject({ kind: "gateway-overloaded" });
    running.cancel(new GatewayError("cancelled", "test"));
    await running.done;
  });

  it("was given at each attempt the time that was left of it", async () => {
    const { clock, call } = setUpEngine({ a: [fails(answered(503), 1_000), succeeds(500)] });
    const run = call({ totalMs: 30_000 });
    await clock.advance(29_000);
    expect(await run.done).toBeUndefined();
    const [first, second] = run.sent;
    expect(first?.plan.remainingMs).toBe(30_000);
    expect(second?.plan.remainingMs).toBe(30_000 - (second?.at ?? 0) + (first?.at ?? 0));
  });

  it("had waited in the queue as long as it says", async () => {
    const { clock, call } = setUpEngine(
      { a: succeeds(400) },
      { settings: { ...DEFAULT_SETTINGS, limit: { ...DEFAULT_SETTINGS.limit, maxInFlight: 1 } } },
    );
    // The clock does not begin at 0.
    await clock.advance(5_000);
    const runs = [call(), call()];
    await clock.advance(1_000);
    expect(runs.map(({ sent }) => sent[0]?.plan.queuedMs)).toEqual([0, 400]);
    await Promise.all(runs.map(({ done }) => done));
  });

  it.each([
    ["whose last failure could be repeated", answered(503), 1],
    ["whose request is refused everywhere", answered(400), 0],
  ])("is exhausted if nothing is left of it to try: one %s", async (_name, error, exhausted) => {
    const { clock, call, engine } = setUpEngine({ a: fails(error) });
    const run = call({ retry: { maxAttempts: 1 } });
    await clock.advance(10_000);
    expect(await run.done).toBeDefined();
    expect(engine.metrics.of("a").exhausted).toBe(exhausted);
  });

  it("is not exhausted if its caller has left", async () => {
    const { clock, call, engine } = setUpEngine({ a: hangs });
    const run = call();
    await clock.advance(0);
    run.cancel(new GatewayError("cancelled", "test"));
    expect(await run.done).toMatchObject({ kind: "cancelled" });
    expect(engine.metrics.of("a").exhausted).toBe(0);
  });
});
