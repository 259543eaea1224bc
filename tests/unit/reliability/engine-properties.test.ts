import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { CircuitBreaker, type CircuitPermit } from "../../../src/reliability/circuit-breaker.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import {
  answered,
  cut,
  type EngineCallRun,
  fails,
  hangs,
  refused,
  type Script,
  setUpEngine,
  succeeds,
} from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const status = fc.constantFrom(302, 400, 401, 402, 404, 408, 429, 500, 503, 529);
const hint = fc.option(fc.nat({ max: 30_000 }), { nil: undefined });
const wish = fc.constantFrom(undefined, "true", "false");
const afterMs = fc.nat({ max: 5_000 });

const httpFailure = fc
  .tuple(status, hint, wish, afterMs, fc.boolean())
  .map(([code, hintMs, shouldRetry, ms, afterContent]) => {
    const headers = {
      ...(hintMs !== undefined && { "retry-after-ms": String(hintMs) }),
      ...(shouldRetry !== undefined && { "x-should-retry": shouldRetry }),
    };
    return fails(answered(code, headers), ms, afterContent ? "text" : undefined);
  });
const behaviour: fc.Arbitrary<Script> = fc.oneof(
  { weight: 4, arbitrary: httpFailure },
  fc.tuple(fc.constantFrom(cut, refused), afterMs).map(([error, ms]) => fails(error(), ms)),
  afterMs.map(succeeds),
  fc.constant(hangs),
);
const instance = fc.array(behaviour, { minLength: 1, maxLength: 6 });

const plannedCall = fc.record({
  startMs: fc.nat({ max: 3_000 }),
  cancelMs: fc.option(fc.nat({ max: 20_000 }), { nil: undefined }),
  totalMs: fc.integer({ min: 1, max: 60_000 }),
  stream: fc.boolean(),
  hedged: fc.boolean(),
  caller: fc.constantFrom("one", "another", "third"),
  maxAttempts: fc.integer({ min: 1, max: 10 }),
  maxTotalAttempts: fc.integer({ min: 1, max: 20 }),
  recovery: fc.constantFrom("fail" as const, "restart" as const, "continue" as const),
});

const OVER = new GatewayError("total-timeout", "test");
const GONE = new GatewayError("cancelled", "test");

describe("whatever providers do", () => {
  it("attempts stay within ceiling and deadline, hints are kept, and nothing leaks", async () => {
    const world = fc.tuple(
      instance,
      instance,
      fc.array(plannedCall, { minLength: 1, maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(world, async ([a, b, calls]) => {
        const settings = {
          ...DEFAULT_SETTINGS,
          limit: { maxInFlight: 3, queueLength: 2, queueWaitMs: 1_000, callerShare: 0.75 },
        };
        const { clock, call, state } = setUpEngine({ a, b }, { settings });
        const runs: (EngineCallRun & { endsAt: number; ceiling: number })[] = [];
        for (const each of calls) {
          clock.schedule(each.startMs, () => {
            const run = call({
              caller: each.caller,
              stream: each.stream,
              totalMs: each.totalMs,
              hedge: each.hedged ? { delayMs: 200 } : undefined,
              retry: { maxAttempts: each.maxAttempts, maxTotalAttempts: each.maxTotalAttempts },
              routing: { midStreamRecovery: each.recovery },
              canContinue: () => true,
            });
            clock.schedule(each.totalMs, () => run.cancel(OVER));
            if (each.cancelMs !== undefined) clock.schedule(each.cancelMs, () => run.cancel(GONE));
            runs.push(
              Object.assign(run, {
                endsAt: clock.now() + each.totalMs,
                ceiling: Math.min(8, each.maxTotalAttempts),
              }),
            );
          });
        }
        await clock.advance(120_000);
        expect(runs).toHaveLength(calls.length);
        for (const run of runs) {
          expect(run.ended).toBe(true);
          expect(run.sent.length).toBeLessThanOrEqual(run.ceiling);
          for (const { at, ms } of run.waits) expect(at + ms).toBeLessThan(run.endsAt);
          for (const { at, endedAt } of run.sent) {
            expect(at).toBeLessThan(run.endsAt);
            expect(endedAt).toBeDefined();
          }
        }
        for (const provider of ["a", "b"]) {
          expect(state(provider).limit).toMatchObject({ inFlight: 0, queued: 0 });
        }
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it("no repetition comes earlier than the hint", async () => {
    const hints = fc.array(fc.nat({ max: 15_000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(hints, fc.constantFrom(429, 503, 529), async (waits, code) => {
        const scripts = waits.map((ms) => fails(answered(code, { "retry-after-ms": String(ms) })));
        const { clock, call } = setUpEngine({ a: scripts });
        const run = call({ retry: { maxAttempts: 5, maxTotalAttempts: 5 } });
        await clock.advance(200_000);
        await run.done;
        for (const [index, next] of run.sent.slice(1).entries()) {
          const before = run.sent[index];
          expect(next.at - (before?.endedAt ?? 0)).toBeGreaterThanOrEqual(waits[index] ?? 0);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("A-50: a circuit", () => {
  type Step = (world: { circuit: CircuitBreaker; held: CircuitPermit[] }) => number;
  const take = (held: CircuitPermit[], at: number): CircuitPermit | undefined =>
    held.splice(at % Math.max(1, held.length), 1)[0];
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.boolean().map(
      (panic): Step =>
        ({ circuit, held }) => {
          const permit = circuit.tryAcquire(panic);
          if (permit !== undefined) held.push(permit);
          return 0;
        },
    ),
    fc.nat().map(
      (at): Step =>
        ({ held }) => {
          take(held, at)?.fail(1);
          return 0;
        },
    ),
    fc.nat().map(
      (at): Step =>
        ({ held }) => {
          const permit = take(held, at);
          permit?.succeed();
          permit?.release();
          return 0;
        },
    ),
    fc.nat().map(
      (at): Step =>
        ({ held }) => {
          take(held, at)?.release();
          return 0;
        },
    ),
    // A permit that is lost: neither failure nor release.
    fc.nat().map(
      (at): Step =>
        ({ held }) => {
          take(held, at);
          return 0;
        },
    ),
    fc.nat({ max: 60_000 }).map(
      (ms): Step =>
        () =>
          ms,
    ),
  );

  it("closes from any state once its target is well, within an ejection and a lease", async () => {
    // Few failures open it, so that random steps get to every state.
    const health = { ...DEFAULT_SETTINGS.health, consecutiveFailures: 2 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const clock = createManualClock();
        const circuit = new CircuitBreaker(clock, () => health);
        const held: CircuitPermit[] = [];
        for (const each of steps) {
          const ms = each({ circuit, held });
          if (ms > 0) await clock.advance(ms);
        }
        await clock.advance(Math.max(health.maxEjectionMs, 2 * health.probeFirstTokenMs));
        const permit = circuit.tryAcquire();
        expect(permit).toBeDefined();
        permit?.succeed();
        permit?.release();
        expect(circuit.state).toBe("closed");
      }),
      { numRuns: 200 },
    );
  });

  it("has its lease free again after every cancelled probe", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 400 }), { maxLength: 20 }), async (cancels) => {
        const broken = fails(answered(503));
        const { clock, call, state } = setUpEngine({
          a: [broken, broken, broken, broken, broken, hangs],
        });
        for (let time = 0; time < 5; time++) {
          await clock.advance(DEFAULT_SETTINGS.health.minSpanMs / 4);
          await call({ retry: { maxAttempts: 1 } }).done;
        }
        await clock.advance(DEFAULT_SETTINGS.health.ejectionMs);
        for (const ms of cancels) {
          const probe = call();
          await clock.advance(ms);
          expect(probe.sent).toHaveLength(1);
          probe.cancel(GONE);
          await probe.done;
          expect(state("a").limit.inFlight).toBe(0);
          expect(state("a").circuit.openAt).toBeLessThanOrEqual(clock.now());
        }
      }),
      { numRuns: 40 },
    );
  });
});
