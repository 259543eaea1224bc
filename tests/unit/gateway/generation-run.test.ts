import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { NO_DELIVERY } from "../../../src/gateway/delivery.ts";
import type { Deployment } from "../../../src/gateway/generation-run.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { type Answer, createGatewayOver } from "../../support/test-gateway.ts";

const text: ProviderEvent = { type: "text-delta", partIndex: 0, text: "a" };
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };
const answers: Answer = async function* () {
  yield text;
  yield finish;
};
const hangs: Answer = async function* (signal) {
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  yield finish;
};
const TIMEOUTS = {
  connectMs: 1,
  firstTokenMs: 60_000,
  firstTokenFailoverMs: 60_000,
  answerFailoverMs: 60_000,
  idleMs: 60_000,
  reasoningMs: 60_000,
  reasoningFailoverMs: 60_000,
  totalMs: 10_000,
  maxTotalMs: 10_000,
};

/** Runs over one target; `leases` is how many of them are held. */
function setUp(answer: Answer = answers, changes: Partial<Deployment> = {}) {
  const clock = createManualClock();
  const model = testModel();
  let leases = 0;
  const deployment: Deployment = {
    route: (spec) => ({
      targets: [{ model, spec, effort: undefined, options: {}, warnings: [] }],
      skipped: [],
      unfit: [],
    }),
    provider: () => ({
      async *generate(_request, signal) {
        yield* answer(signal);
      },
      close: async () => {},
    }),
    lease() {
      leases++;
      let isHeld = true;
      return () => {
        if (isHeld) leases--;
        isHeld = false;
      };
    },
    timeouts: TIMEOUTS,
    abort: { mode: "close", maxTimeMs: 1_000 },
    ...changes,
  };
  const set = createGatewayOver(clock, deployment);
  const prepare = (caller = "alice", timeoutMs?: number, signal = new AbortController().signal) =>
    set.runs.prepare(
      {
        spec: testSpec(),
        caller,
        stream: false,
        timeoutMs,
        telemetry: { end: () => {} },
        acceptsDiscard: true,
        canMove: false,
        before: undefined,
      },
      signal,
    );
  return { ...set, clock, prepare, leases: () => leases };
}

describe("a generation that is let in", () => {
  it("holds its place, its providers and its time until its end", async () => {
    const { prepare, runs, clock, leases, engine } = setUp();
    const run = await prepare();
    const [state] = [...engine.states.models("test").values()];
    const held = () => [runs.active, leases(), clock.pendingTimers, state?.limit.inFlight];
    expect(held()).toEqual([1, 1, 1, 1]);
    expect(run.target).toEqual({ provider: "test", model: "test-model" });
    expect(run.limitMs).toBe(10_000);
    expect((await run.run(NO_DELIVERY)).state).toBe("succeeded");
    expect(held()).toEqual([0, 0, 0, 0]);
  });

  it("gives them back if it is not run", async () => {
    const { prepare, runs, clock, leases, engine } = setUp();
    const run = await prepare();
    run.release();
    const [state] = [...engine.states.models("test").values()];
    expect([runs.active, leases(), clock.pendingTimers, state?.limit.inFlight]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("is counted once, however often it is given back", async () => {
    const { prepare, runs } = setUp();
    const [one, other] = [await prepare(), await prepare()];
    await one.run(NO_DELIVERY);
    one.release();
    expect(runs.active).toBe(1);
    other.release();
    expect(runs.active).toBe(0);
  });

  it("takes no longer than it may", async () => {
    for (const [timeoutMs, limitMs] of [
      [undefined, 10_000],
      [20_000, 10_000],
      [2_000, 1_900],
    ] as const) {
      const { prepare, clock } = setUp(hangs);
      const run = await prepare("alice", timeoutMs);
      const outcome = run.run(NO_DELIVERY);
      await clock.advance(limitMs);
      expect(await outcome).toMatchObject({
        state: "failed",
        failure: {
          error: {
            kind: "total-timeout",
            message: `the generation took longer than ${limitMs} ms`,
          },
        },
      });
    }
  });

  it("is none without time", async () => {
    const { prepare, runs } = setUp();
    for (const timeoutMs of [0, -5]) {
      await expect(prepare("alice", timeoutMs)).rejects.toMatchObject({
        kind: "total-timeout",
        message: "the deadline had passed when the call arrived",
      });
    }
    expect(runs.active).toBe(0);
    const run = await prepare("alice", 1);
    expect(run.limitMs).toBeGreaterThan(0);
    run.release();
  });

  it("sends nothing if its call has ended before", async () => {
    const { prepare, runs, leases, clock } = setUp(hangs);
    const gone = new GatewayError("cancelled", "gone");
    const run = await prepare("alice", undefined, AbortSignal.abort(gone));
    expect(await run.run(NO_DELIVERY)).toMatchObject({ state: "failed", failure: { error: gone } });
    expect([runs.active, leases(), clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it("goes on if its call ends after that", async () => {
    const { prepare } = setUp();
    const call = new AbortController();
    const run = await prepare("alice", undefined, call.signal);
    call.abort(new GatewayError("cancelled", "gone"));
    expect((await run.run(NO_DELIVERY)).state).toBe("succeeded");
  });
});

describe("generations that run", () => {
  it("are ended by their callers' names", async () => {
    const { prepare, runs } = setUp(hangs);
    const [one, other] = [await prepare("alice"), await prepare("bob")];
    const outcomes = [one.run(NO_DELIVERY), other.run(NO_DELIVERY)];
    const error = new GatewayError("unauthenticated", "removed");
    runs.abortOf((caller) => caller === "alice", error);
    expect(await outcomes[0]).toMatchObject({ failure: { error } });
    expect(runs.active).toBe(1);
    runs.abortAll(new GatewayError("owner-lost", "end"));
    expect(await outcomes[1]).toMatchObject({ failure: { error: { kind: "owner-lost" } } });
    expect(runs.active).toBe(0);
  });

  it("are waited for until the last has ended", async () => {
    const { prepare, runs } = setUp();
    await runs.idle();
    const [one, other] = [await prepare(), await prepare()];
    let told = 0;
    const idle = [runs.idle(), runs.idle()].map((each) => each.then(() => told++));
    one.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(0);
    other.release();
    await Promise.all(idle);
    expect(told).toBe(2);
  });
});

describe("targets that cannot serve a request", () => {
  const skippedAt = (provider: string) => ({
    target: { provider, model: "m" },
    reason: `${provider} has no tools`,
  });
  const route: Deployment["route"] = (spec) => ({
    targets: [{ model: testModel(), spec, effort: undefined, options: {}, warnings: [] }],
    skipped: [skippedAt("before")],
    unfit: [skippedAt("behind")],
  });
  const skipped = (provider: string) => ({
    provider,
    outcome: "skipped",
    errorKind: "validation",
    errorMessage: `${provider} has no tools`,
  });

  it("are told of: those before the first, and at a failure those behind it", async () => {
    const well = setUp(answers, { route });
    const outcome = await (await well.prepare()).run(NO_DELIVERY);
    const generation = outcome.state === "succeeded" ? outcome.generation : undefined;
    expect(generation?.attempts).toMatchObject([skipped("before"), { outcome: "succeeded" }]);
    const refused = new GatewayError("validation", "no");
    const failing = setUp(
      // biome-ignore lint/correctness/useYield: it has no event
      async function* () {
        throw refused;
      },
      { route },
    );
    const failed = await (await failing.prepare()).run(NO_DELIVERY);
    const partial = failed.state === "failed" ? failed.failure.partial : undefined;
    expect(partial?.attempts).toMatchObject([
      skipped("before"),
      { outcome: "failed" },
      skipped("behind"),
    ]);
  });
});

describe("a whole answer whose format is wrong", () => {
  const invalid: ProviderEvent = { type: "text-delta", partIndex: 0, text: "no JSON" };
  const json: ProviderEvent = { type: "text-delta", partIndex: 0, text: "{}" };

  it.each([
    ["retry", 2],
    ["fail", 1],
  ] as const)("is asked for again if the request says so: %s", async (onInvalid, attempts) => {
    let asked = 0;
    const set = setUp(async function* () {
      yield asked++ === 0 ? invalid : json;
      yield finish;
    });
    const spec = testSpec({ outputFormat: { type: "json-object", onInvalid } });
    const answer = set.gateway.generate({ ...set.call, spec });
    answer.catch(() => {});
    await set.clock.advance(5_000);
    if (attempts === 1) {
      await expect(answer).rejects.toMatchObject({
        failure: { error: { kind: "invalid-output" } },
      });
    } else {
      expect(await answer).toMatchObject({
        generation: { outputText: "{}", attempts: [{}, { trigger: "repair" }] },
      });
    }
    expect(asked).toBe(attempts);
  });
});
