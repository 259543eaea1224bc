import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  DEFAULT_SETTINGS,
  type ReliabilitySettings,
} from "../../../src/reliability/reliability-settings.ts";
import {
  answered,
  cut,
  fails,
  hangs,
  type Script,
  setUpEngine,
  succeeds,
} from "../../support/engine.ts";

const { health } = DEFAULT_SETTINGS;
const broken = fails(answered(503));
const quotaBody = JSON.stringify({ error: { message: "", code: "insufficient_quota" } });

function withHealth(changes: Partial<ReliabilitySettings["health"]>): ReliabilitySettings {
  return { ...DEFAULT_SETTINGS, health: { ...health, ...changes } };
}

/** Five failures in a row that are no blip. */
async function eject({ clock, call }: ReturnType<typeof setUpEngine>, at: string): Promise<void> {
  for (let time = 0; time < 5; time++) {
    if (time > 0) await clock.advance(health.minSpanMs / 4);
    const run = call({ at: [at], retry: { maxAttempts: 1 } });
    await clock.advance(0);
    await run.done;
  }
}

describe("ejection", () => {
  it("a target that fails is passed over, and comes back by a probe of real traffic", async () => {
    let isBroken = true;
    const changing: Script = (signal, clock) => (isBroken ? broken : succeeds())(signal, clock);
    const all = setUpEngine({ a: changing, b: succeeds() });
    await eject(all, "a");
    const run = all.call();
    await all.clock.advance(0);
    expect(await run.done).toBeUndefined();
    expect(run.sent.map(({ provider }) => provider)).toEqual(["b"]);
    expect(run.skipped).toEqual(["a circuit-open"]);
    expect(run.sent[0]?.plan.trigger).toBe("failover");

    isBroken = false;
    await all.clock.advance(health.ejectionMs);
    const probe = all.call();
    await all.clock.advance(0);
    expect(await probe.done).toBeUndefined();
    expect(probe.sent[0]).toMatchObject({
      provider: "a",
      plan: { probeFirstTokenMs: health.probeFirstTokenMs },
    });
    expect(all.state("a").circuit.state).toBe("closed");
  });

  it("A-50: sends one probe per ejection while calls come in, and each of them is served", async () => {
    const all = setUpEngine({ a: broken, b: succeeds() });
    await eject(all, "a");
    let probes = 0;
    for (let second = 0; second < 120; second++) {
      const runs = [all.call(), all.call(), all.call()];
      await all.clock.advance(1_000);
      for (const run of runs) {
        expect(await run.done).toBeUndefined();
        probes += run.sent.filter(({ provider }) => provider === "a").length;
      }
    }
    // 8 to 10 s, 16 to 20 s, then 24 to 30 s each.
    expect(probes).toBeGreaterThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(7);
  });

  it("A-53: fallbacks that fail are ejected as well", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(404)),
      b: broken,
      c: succeeds(),
    });
    for (let time = 0; time < 5; time++) {
      const run = call();
      await clock.advance(1_000);
      expect(await run.done).toBeUndefined();
    }
    expect(state("b").circuit.state).toBe("open");
    const run = call();
    await clock.advance(0);
    expect(run.sent.map(({ provider }) => provider)).toEqual(["a", "c"]);
    expect(run.skipped).toEqual(["b circuit-open"]);
  });

  it("streams that break after their content count", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(cut(), 1, "text") });
    for (let time = 0; time < 5; time++) {
      const run = call();
      await clock.advance(health.minSpanMs / 4);
      await run.done;
    }
    expect(state("a").circuit.state).toBe("open");
  });

  it.each([400, 401, 404, 429])("a %s is no failure of the target", async (status) => {
    const { clock, call, state } = setUpEngine({ a: fails(answered(status)) });
    for (let time = 0; time < 20; time++) {
      const run = call({ retry: { maxAttempts: 1, maxTotalDelayMs: 1 } });
      await clock.advance(1);
      await run.done;
    }
    expect(state("a").circuit.state).toBe("closed");
  });

  it("a call that was cancelled says nothing of the target", async () => {
    const { clock, call, state } = setUpEngine({ a: hangs });
    for (let time = 0; time < 20; time++) {
      const run = call();
      await clock.advance(1);
      run.cancel(new GatewayError("cancelled", "test"));
      await run.done;
    }
    expect(state("a").circuit.state).toBe("closed");
    expect(state("a").limit.inFlight).toBe(0);
  });
});

describe("A-54: with every target out", () => {
  it("one probe at a time goes to the one that comes back first", async () => {
    const all = setUpEngine({ a: [broken, broken, broken, broken, broken, hangs], b: broken });
    await eject(all, "a");
    await all.clock.advance(100);
    await eject(all, "b");
    const probe = all.call();
    const other = all.call();
    await all.clock.advance(1);
    expect(probe.sent.map(({ provider }) => provider)).toEqual(["a"]);
    expect(await other.done).toMatchObject({ kind: "circuit-open" });
    expect((await other.done)?.retryAfterMs).toBeGreaterThan(0);
    expect(other.sent).toHaveLength(0);
    expect(other.skipped).toEqual(["a circuit-open", "b circuit-open"]);
    probe.cancel(new GatewayError("cancelled", "test"));
    await probe.done;
  });

  it("the probes go to each target in turn, and a success closes its circuit", async () => {
    const all = setUpEngine({ a: broken, b: [...Array(5).fill(broken), succeeds()] });
    await eject(all, "a");
    await eject(all, "b");
    const asked: string[] = [];
    for (let probe = 0; probe < 3; probe++) {
      const run = all.call();
      await all.clock.advance(1);
      await run.done;
      asked.push(...run.sent.map(({ provider }) => provider));
    }
    expect(asked.slice(0, 2)).toEqual(["a", "b"]);
    expect(all.state("b").circuit.state).toBe("closed");
    expect(all.state("a").circuit.snapshot().nextProbeAt).toBeLessThan(20_000);
  });

  it("a probe is one request: no repetition at its target", async () => {
    const all = setUpEngine({ a: broken });
    await eject(all, "a");
    const run = all.call();
    await all.clock.advance(60_000);
    expect(await run.done).toMatchObject({ kind: "server-error" });
    expect(run.sent).toHaveLength(1);
  });

  it("without panic mode every call is told at once", async () => {
    const all = setUpEngine({ a: broken }, { settings: withHealth({ panic: false }) });
    await eject(all, "a");
    const run = all.call();
    await all.clock.advance(0);
    expect(await run.done).toMatchObject({ kind: "circuit-open" });
    expect(run.sent).toHaveLength(0);
  });

  it("holds for refused credentials too", async () => {
    const { clock, call } = setUpEngine({ a: [succeeds(100), fails(answered(401)), hangs] });
    const early = call();
    const refused = call();
    await clock.advance(1);
    expect(await refused.done).toMatchObject({ kind: "provider-authentication" });
    const probe = call();
    await clock.advance(1);
    expect(probe.sent).toHaveLength(1);
    // A call that is no probe ends: the probe still is the only one.
    early.cancel(new GatewayError("cancelled", "test"));
    await early.done;
    const other = call();
    await clock.advance(1);
    expect(await other.done).toMatchObject({ kind: "provider-authentication" });
    expect(other.sent).toHaveLength(0);
    probe.cancel(new GatewayError("cancelled", "test"));
    await probe.done;
  });
});

describe("pauses", () => {
  it("A-55: a used-up quota puts the whole instance out, and content ends that", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(429, {}, quotaBody)),
      b: succeeds(),
    });
    const run = call();
    await clock.advance(0);
    expect(await run.done).toBeUndefined();
    expect(run.sent.map(({ provider }) => provider)).toEqual(["a", "b"]);
    const { out } = state("a").instance;
    expect(out).toMatchObject({ kind: "quota", until: health.quotaMs });
    const next = call();
    await clock.advance(0);
    expect(next.sent.map(({ provider }) => provider)).toEqual(["b"]);
    expect(next.skipped).toEqual(["a quota"]);
  });

  it("A-51: of two cooldowns the longer holds", async () => {
    const { clock, call, state } = setUpEngine({
      a: [
        fails(answered(429, { "retry-after": "15" })),
        fails(answered(429, { "retry-after": "2" }), 5),
      ],
      b: succeeds(),
    });
    const runs = [call(), call()];
    await clock.advance(10);
    for (const run of runs) expect(await run.done).toBeUndefined();
    expect(state("a").cooldown?.until).toBe(15_000);
  });

  it("a call that finds every target rate limited waits for the first", async () => {
    const { clock, call } = setUpEngine({
      a: [fails(answered(429, { "retry-after": "4" })), succeeds()],
      b: [fails(answered(429, { "retry-after": "9" })), succeeds()],
    });
    const first = call({ retry: { maxAttempts: 1 } });
    await clock.advance(0);
    expect(await first.done).toMatchObject({ kind: "rate-limit" });
    const run = call();
    const hurried = call({ retry: { maxTotalDelayMs: 1_000 } });
    await clock.advance(0);
    expect(await hurried.done).toMatchObject({ kind: "rate-limit", retryAfterMs: 4_000 });
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(run.sent).toHaveLength(1);
    expect(run.sent[0]?.at).toBeGreaterThanOrEqual(4_000);
  });
});
