import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { answered, fails, setUpEngine, succeeds } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const providers = (run: { sent: readonly { provider: string }[] }): string =>
  run.sent.map(({ provider }) => provider).join("");

describe("waits", () => {
  it("A-7: a cancel during a wait ends the call at once", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(429, { "retry-after": "10" })),
    });
    const run = call();
    await clock.advance(100);
    expect(run.waits).toHaveLength(1);
    run.cancel(new GatewayError("cancelled", "test"));
    await clock.advance(0);
    expect(run.ended).toBe(true);
    expect(await run.done).toMatchObject({ kind: "cancelled" });
    expect(run.sent).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    // What the wait had reserved is given back.
    expect(state("a").instance.budget.level).toBe(1);
  });

  it("A-42: the wait is that of the latest error, and no shorter than its hint", async () => {
    const { clock, call } = setUpEngine({
      a: [
        fails(answered(429, { "retry-after": "9" })),
        fails(answered(429, { "retry-after-ms": "1500" })),
        succeeds(),
      ],
    });
    const run = call();
    await clock.advance(30_000);
    expect(await run.done).toBeUndefined();
    const [first = 0, second = 0, third = 0] = run.sent.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(9_000);
    expect(third - second).toBeGreaterThanOrEqual(1_500);
    expect(third - second).toBeLessThan(9_000);
    expect(run.sent[2]?.plan).toMatchObject({ delayMs: third - second, delayFromProvider: true });
  });

  it("A-43: a hint beyond the longest wait, or the deadline, is passed on at once", async () => {
    const { clock, call } = setUpEngine({ a: fails(answered(429, { "retry-after": "61" })) });
    const long = call();
    await clock.advance(0);
    expect(await long.done).toMatchObject({ kind: "rate-limit", retryAfterMs: 61_000 });
    expect(long.decisions).toEqual(["rate-limit end policy"]);

    const other = setUpEngine({ a: fails(answered(429, { "retry-after": "5" })) });
    const late = other.call({ totalMs: 4_000 });
    await other.clock.advance(0);
    expect(await late.done).toMatchObject({ kind: "rate-limit", retryAfterMs: 5_000 });
    expect(late.decisions).toEqual(["rate-limit end deadline"]);
  });

  it("A-32: a rate limit goes to the next target without a wait, with or without a hint", async () => {
    for (const headers of [{}, { "retry-after": "60" }]) {
      const { clock, call } = setUpEngine({ a: fails(answered(429, headers)), b: succeeds() });
      const run = call();
      await clock.advance(0);
      expect(await run.done).toBeUndefined();
      expect(providers(run)).toBe("ab");
      expect(run.waits).toEqual([]);
    }
  });

  it("does not wait for ever for a target that is rate limited again and again", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(429, { "retry-after": "2" })),
    });
    const run = call();
    await clock.advance(0);
    // Other calls are told to wait longer, each time just before this one would go.
    for (let second = 0; second < 90 && !run.ended; second++) {
      const other = state("a").circuit.tryAcquire();
      other?.release();
      const permit = state("a").acquireProbe({ caller: "test" });
      permit?.end(answered(429, { "retry-after": "3" }));
      await clock.advance(1_000);
    }
    expect(run.ended).toBe(true);
    expect(await run.done).toMatchObject({ kind: "rate-limit" });
    expect(clock.now()).toBeLessThanOrEqual(61_000);
    expect(run.sent).toHaveLength(1);
  });

  it("asks a hint once: a second wait is only for what is left", async () => {
    const { clock, call, state } = setUpEngine({
      a: [fails(answered(429, { "retry-after": "8" })), succeeds()],
    });
    const run = call();
    await clock.advance(7_900);
    state("a")
      .acquireProbe({ caller: "test" })
      ?.end(answered(429, { "retry-after-ms": "1000" }));
    await clock.advance(2_000);
    expect(await run.done).toBeUndefined();
    expect(run.sent[1]?.at).toBeGreaterThanOrEqual(8_900);
    expect(run.sent[1]?.plan.delayMs).toBe(run.sent[1]?.at);
  });
});

describe("calls that wait while the circuit opens", () => {
  const { health } = DEFAULT_SETTINGS;

  /** A call that waits for its second attempt, and others whose failures open the circuit meanwhile. */
  async function waitingCall(
    rest: Parameters<typeof setUpEngine>[0][string],
    options: Parameters<ReturnType<typeof setUpEngine>["call"]>[0] = {},
  ) {
    const broken = fails(answered(503, { "retry-after-ms": "1500" }));
    const others = Array.from({ length: 5 }, () => fails(answered(500)));
    const scripts = Array.isArray(rest) ? rest : [rest];
    const all = setUpEngine({ a: [broken, ...others, ...scripts] });
    const run = all.call(options);
    await all.clock.advance(0);
    for (let time = 0; time < 5; time++) {
      const permit = all.state("a").circuit.tryAcquire();
      permit?.fail(1);
      await all.clock.advance(health.minSpanMs / 4);
    }
    expect(all.state("a").circuit.state).toBe("open");
    return { ...all, run };
  }

  it("field:E7 go with the next probe, or are it", async () => {
    const { clock, run, state } = await waitingCall([succeeds()]);
    const openAt = state("a").circuit.openAt;
    await clock.advance(openAt - clock.now() - 1);
    expect(run.sent).toHaveLength(1);
    await clock.advance(1);
    expect(run.sent).toHaveLength(2);
    await clock.advance(10_000);
    expect(run.ended).toBe(true);
    expect(run.sent[1]?.at).toBeGreaterThanOrEqual(openAt);
  });

  it("go when the probe of another call has succeeded", async () => {
    const { clock, run, state } = await waitingCall([succeeds()]);
    const openAt = state("a").circuit.openAt;
    await clock.advance(openAt - clock.now() - 100);
    state("a").circuit.tryAcquire(true)?.succeed();
    await clock.advance(0);
    expect(run.sent).toHaveLength(2);
    expect(run.sent[1]?.at).toBe(clock.now());
  });

  it("end when the probe has failed, and when the time does not last", async () => {
    const failing = await waitingCall([succeeds()]);
    const { circuit } = failing.state("a");
    const probe = circuit.tryAcquire(true);
    await failing.clock.advance(circuit.snapshot().changedAt + 9_500 - failing.clock.now());
    expect(failing.run.ended).toBe(false);
    probe?.fail(1);
    await failing.clock.advance(0);
    expect(failing.run.ended).toBe(true);
    expect(await failing.run.done).toMatchObject({ kind: "server-error" });
    expect(failing.run.sent).toHaveLength(1);

    for (const options of [{ totalMs: 5_000 }, { retry: { maxTotalDelayMs: 5_000 } }]) {
      const short = await waitingCall([succeeds()], options);
      await short.clock.advance(1_000);
      expect(short.run.ended).toBe(true);
      expect(short.run.sent).toHaveLength(1);
      expect(short.clock.pendingTimers).toBe(0);
    }
  });

  it.each(["fail", "release"] as const)("outlast a probe that came too early: %s", async (end) => {
    const { clock, run, state } = await waitingCall([succeeds()]);
    const { circuit } = state("a");
    const { openAt } = circuit;
    const probe = circuit.tryAcquire(true);
    await clock.advance(600);
    probe?.[end](1);
    await clock.advance(0);
    expect(run.ended).toBe(false);
    await clock.advance(openAt - clock.now());
    expect(run.sent).toHaveLength(2);
    run.cancel(new GatewayError("cancelled", "test"));
    await run.done;
  });

  it("are cancelled like any other", async () => {
    const { clock, run, state } = await waitingCall([succeeds()]);
    await clock.advance(1_000);
    run.cancel(new GatewayError("cancelled", "test"));
    await clock.advance(0);
    expect(await run.done).toMatchObject({ kind: "cancelled" });
    expect(clock.pendingTimers).toBe(0);
    expect(state("a").limit).toMatchObject({ inFlight: 0, queued: 0 });
  });
});

describe("field:E4 a failure with a hint", () => {
  it.each([500, 502, 503, 529])("of %i cools its target for other calls too", async (status) => {
    const { clock, call } = setUpEngine({
      a: fails(answered(status, { "retry-after": "15" })),
      b: succeeds(),
    });
    for (let time = 0; time < 2; time++) {
      const run = call();
      await clock.advance(100);
      expect(await run.done).toBeUndefined();
      expect(providers(run)).toBe(time === 0 ? "ab" : "b");
    }
  });

  it.each([408, 409, 425])("of %i speaks of one request, and cools nothing", async (status) => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(status, { "retry-after": "15" })),
      b: succeeds(),
    });
    const run = call();
    await clock.advance(100);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("ab");
    expect(state("a").cooldown).toBeUndefined();
  });

  it("is no rate limit for the calls that it keeps away", async () => {
    const { clock, call } = setUpEngine({ a: fails(answered(503, { "retry-after": "3600" })) });
    const first = call();
    await clock.advance(0);
    expect(await first.done).toMatchObject({ kind: "server-error", retryAfterMs: 3_600_000 });
    const second = call();
    await clock.advance(0);
    expect(await second.done).toMatchObject({ kind: "provider-overloaded" });
  });
});

describe("field:E3 the first of two models is preferred", () => {
  const limited = fails(answered(429, { "retry-after": "2" }));

  it("by the call that was told to wait; those that come meanwhile move on at once", async () => {
    const { clock, call } = setUpEngine(
      { a: [limited, succeeds()], b: succeeds() },
      { models: ["first", "second"] },
    );
    const told = call();
    await clock.advance(500);
    const later = call();
    const hurried = call({ totalMs: 1_000 });
    await clock.advance(5_000);
    for (const run of [told, later, hurried]) expect(await run.done).toBeUndefined();
    expect(providers(told)).toBe("aa");
    expect(told.sent[1]?.at).toBeGreaterThanOrEqual(2_000);
    expect(providers(later)).toBe("b");
    expect(later.sent[0]?.at).toBe(500);
    expect(later.skipped).toEqual(["a rate-limit"]);
    expect(providers(hurried)).toBe("b");
  });

  it("A-33: nobody waits where the provider has not said how long", async () => {
    const { clock, call } = setUpEngine(
      { a: fails(answered(429)), b: succeeds() },
      { models: ["first", "second"] },
    );
    const told = call();
    const later = call();
    await clock.advance(0);
    for (const run of [told, later]) expect(await run.done).toBeUndefined();
    expect([providers(told), providers(later)]).toEqual(["ab", "ab"]);
    const next = call();
    await clock.advance(0);
    expect(await next.done).toBeUndefined();
    expect(providers(next)).toBe("b");
  });

  it("waiters do not come back together", async () => {
    let seed = 1;
    const random = (): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const clock = { ...createManualClock(), random };
    const { call } = setUpEngine(
      { a: [...Array.from({ length: 20 }, () => limited), succeeds()], b: succeeds() },
      { models: ["first", "second"], clock },
    );
    const runs = Array.from({ length: 20 }, () => call());
    await clock.advance(5_000);
    const back = runs.map(({ sent }) => Math.round(sent[1]?.at ?? 0));
    expect(Math.min(...back)).toBeGreaterThanOrEqual(2_000);
    expect(new Set(back).size).toBeGreaterThan(15);
  });

  it("where none is open the one that is free first takes the call", async () => {
    const { clock, call } = setUpEngine({
      a: [fails(answered(429, { "retry-after": "2" })), succeeds()],
      b: fails(answered(429, { "retry-after": "5" })),
    });
    const run = call();
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("aba");
    expect(run.sent[2]?.at).toBeGreaterThanOrEqual(2_000);
    expect(run.sent[2]?.at).toBeLessThan(5_000);
  });
});
