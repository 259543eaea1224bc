import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GatewayError } from "../../../src/domain/gateway-error.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import {
  answered,
  cut,
  type EngineCallRun,
  fails,
  refused,
  type Script,
  setUpEngine,
  succeeds,
} from "../../support/engine.ts";

/** Circuits that never open: what bounds the load then is the budget alone. */
const NO_CIRCUITS = {
  ...DEFAULT_SETTINGS,
  health: { ...DEFAULT_SETTINGS.health, consecutiveFailures: 1e9, minRequests: 1e9 },
};

/** Answers, or fails, as a seeded coin falls. */
function failsShare(share: number, error: () => GatewayError, seed: number): Script {
  let state = seed * 2 + 1;
  return (signal, clock) => {
    state = (state * 48_271) % 2_147_483_647;
    const script = state / 2_147_483_647 < share ? fails(error(), 5) : succeeds(5);
    return script(signal, clock);
  };
}

describe("what each target receives", () => {
  const REQUESTS = 2_000;
  const { transientCost, capacity, fillMs } = DEFAULT_SETTINGS.budget;
  /** Repetitions that the passing of time pays for. */
  const paidByTime = (ms: number): number => ((ms / fillMs) * capacity) / transientCost;

  it.each([1, 200])(
    "is the calls, and the budget: a burst or one second of the calls, anew each minute, %i calls at a time",
    async (atOnce) => {
      const { clock, call, engine } = setUpEngine(
        { a: fails(answered(503)) },
        { settings: NO_CIRCUITS },
      );
      for (let sent = 0; sent < REQUESTS; sent += atOnce) {
        const runs = Array.from({ length: atOnce }, () => call());
        await clock.advance(atOnce === 1 ? 2_000 : 5_000);
        for (const run of runs) expect(await run.done).toMatchObject({ kind: "server-error" });
      }
      const { requests, attempts } = engine.metrics.of("a");
      expect(requests).toBe(REQUESTS);
      const room = Math.max(capacity / transientCost, atOnce);
      const most = REQUESTS + room * (1 + clock.now() / fillMs);
      expect(attempts).toBeLessThanOrEqual(Math.ceil(most));
    },
  );

  it("field:E1 both dead, a hundred calls at once: at most three requests a call", async () => {
    const dead = (ms: number): Script => fails(answered(503), ms);
    for (const [a, b] of [
      [0, 0],
      [200, 300],
      [300, 0],
    ] as const) {
      const { clock, call } = setUpEngine({ a: dead(a), b: dead(b) });
      const runs = Array.from({ length: 100 }, () => call());
      await clock.advance(60_000);
      let sent = 0;
      for (const run of runs) {
        expect(await run.done).toMatchObject({ kind: "server-error" });
        expect(run.sent.length).toBeLessThanOrEqual(4);
        sent += run.sent.length;
      }
      expect(sent).toBeLessThanOrEqual(300);
    }
  });

  it("a backup that is dead too gets few failovers, and is told of as passed over", async () => {
    const { clock, call, engine, state } = setUpEngine(
      { a: fails(answered(503)), b: fails(answered(503)) },
      { settings: NO_CIRCUITS },
    );
    let skipped = 0;
    for (let sent = 0; sent < REQUESTS; sent += 20) {
      const runs = Array.from({ length: 20 }, () => call());
      await clock.advance(5_000);
      for (const run of runs) {
        await run.done;
        const isThere = run.sent.some(({ provider }) => provider === "b");
        if (!isThere && run.skipped.includes("b RETRY_BUDGET")) skipped++;
      }
    }
    const { failovers } = engine.metrics.of("b");
    // Half of the bucket, those that were on their way, and what time has filled since.
    expect(failovers).toBeLessThanOrEqual(20 + 40 + paidByTime(clock.now()));
    expect(failovers + skipped).toBe(REQUESTS);
    expect(state("b").standIn.isLow).toBe(true);
  });

  it("field:E2 a backup whose failures were long ago takes failovers again", async () => {
    let isDead = true;
    const changing: Script = (signal, clock) =>
      (isDead ? fails(answered(503)) : succeeds())(signal, clock);
    const { clock, call, state } = setUpEngine(
      { a: fails(answered(503)), b: changing },
      { settings: NO_CIRCUITS },
    );
    const dead = Array.from({ length: 60 }, () => call());
    await clock.advance(10_000);
    for (const run of dead) expect(await run.done).toBeDefined();
    expect(state("b").standIn.isLow).toBe(true);
    isDead = false;
    await clock.advance(fillMs / 2);
    for (let time = 0; time < 50; time++) {
      const run = call();
      await clock.advance(2_000);
      expect(await run.done).toBeUndefined();
    }
  });
});

describe("field:E1 a healthy backup", () => {
  const kinds = fc.constantFrom(
    () => answered(500),
    () => answered(503),
    () => answered(529),
    () => answered(429),
    () => answered(401),
    () => answered(404),
    refused,
    cut,
  );
  const world = fc.record({
    share: fc.constantFrom(0.05, 0.1, 0.2, 0.3, 0.5, 0.9, 1),
    error: kinds,
    calls: fc.integer({ min: 1, max: 200 }),
    everyMs: fc.constantFrom(0, 1, 20, 300),
    stream: fc.boolean(),
    isOtherModel: fc.boolean(),
    seed: fc.nat({ max: 1e6 }),
  });

  it("serves every call, at any rate, whatever the first target fails with", async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        async ({ share, error, calls, everyMs, stream, isOtherModel, seed }) => {
          const { clock, call } = setUpEngine(
            { a: failsShare(share, error, seed), b: succeeds(10) },
            { models: isOtherModel ? ["one", "two"] : [] },
          );
          const runs: EngineCallRun[] = [];
          for (let index = 0; index < calls; index++) {
            runs.push(call({ stream }));
            if (everyMs > 0) await clock.advance(everyMs);
          }
          await clock.advance(60_000);
          for (const run of runs) {
            expect(run.ended).toBe(true);
            expect(await run.done).toBeUndefined();
            expect(run.sent.length).toBeLessThanOrEqual(4);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
