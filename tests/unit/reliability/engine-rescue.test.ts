import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { answered, cut, fails, type Script, setUpEngine, succeeds } from "../../support/engine.ts";

const providers = (run: { sent: readonly { provider: string }[] }): string =>
  run.sent.map(({ provider }) => provider).join("");

/** Fails until so many milliseconds of the clock have passed. */
const blip =
  (ms: number): Script =>
  (signal, clock) =>
    (clock.now() < ms ? fails(answered(503)) : succeeds())(signal, clock);

describe("field:E1 another model of the same instance", () => {
  it.each([500, 503, 529])(
    "stands in for one that answers %i, for every call at once",
    async (status) => {
      for (const stream of [true, false]) {
        const { clock, call, states } = setUpEngine({
          "a/one": fails(answered(status), 200),
          "a/two": succeeds(300),
        });
        // What the instance's models share is used up: no repetition is left.
        states.instance("a").budget.spend(500);
        const runs = Array.from({ length: 100 }, () => call({ stream }));
        await clock.advance(30_000);
        for (const run of runs) {
          expect(await run.done).toBeUndefined();
          expect(run.sent.map(({ model }) => model)).toEqual(["one", "two"]);
        }
        expect(states.of({ provider: "a", model: "two" }).standIn.level).toBe(1);
      }
    },
  );
});

describe("each open target gets its attempt", () => {
  it.each([500, 503])("of three, two of which answer %i, the third serves", async (status) => {
    const broken = fails(answered(status));
    for (const models of [[], ["one", "two", "three"], ["one", "one", "two"]]) {
      for (const stream of [true, false]) {
        const { clock, call } = setUpEngine({ a: broken, b: broken, c: succeeds() }, { models });
        const run = call({ stream });
        await clock.advance(10_000);
        expect(await run.done).toBeUndefined();
        expect(providers(run)).toBe("aabc");
      }
    }
  });

  it("within fewer attempts too", async () => {
    const { clock, call } = setUpEngine({ a: fails(cut()), b: succeeds() });
    const run = call({ retry: { maxTotalAttempts: 2 } });
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(providers(run)).toBe("ab");
  });
});

describe("a target that was left is asked again where the next one is of no help", () => {
  it.each([400, 401, 403, 404, 422, 500, 529])("which answers %i", async (status) => {
    for (const models of [[], ["one", "two"]]) {
      const { clock, call } = setUpEngine({ a: blip(300), b: fails(answered(status)) }, { models });
      const run = call();
      await clock.advance(20_000);
      expect(await run.done).toBeUndefined();
      expect(run.sent.at(-1)?.provider).toBe("a");
      expect(run.sent.length).toBeLessThanOrEqual(4);
    }
  });

  it("by its own rule, attempts, budget and lists alone", async () => {
    const final = setUpEngine({ a: fails(answered(404)), b: fails(answered(400)) });
    const once = final.call();
    await final.clock.advance(20_000);
    expect(await once.done).toMatchObject({ kind: "validation" });
    expect(providers(once)).toBe("ab");

    const listed = setUpEngine({ a: blip(300), b: fails(answered(400)) });
    const narrow = listed.call({ routing: { failoverOn: ["server-error"] } });
    await listed.clock.advance(20_000);
    expect(providers(narrow)).toBe("aab");
  });
});

describe("field:E7 a herd at one target", () => {
  it.each([30, 100, 700])(
    "of %i calls outlives a blip, each by the budget's room",
    async (calls) => {
      const { clock, call } = setUpEngine({ a: blip(250) });
      const runs = Array.from({ length: calls }, () => call());
      await clock.advance(10_000);
      for (const run of runs) {
        expect(await run.done).toBeUndefined();
        expect(run.sent.length).toBeLessThanOrEqual(3);
      }
    },
  );
});

describe("a target that is full", () => {
  const limit = { maxInFlight: 2, queueLength: 100, queueWaitMs: 60_000, callerShare: 1 };
  const settings = { ...DEFAULT_SETTINGS, limit };

  it("queues a call that was admitted there, and one that comes from another target", async () => {
    const busy: Script = succeeds(1_000);
    const { clock, call, state } = setUpEngine(
      { a: [fails(answered(503)), busy], b: busy },
      { settings },
    );
    const again = call({ at: ["a"] });
    const others = Array.from({ length: 6 }, () => call({ at: ["a"] }));
    await clock.advance(60_000);
    for (const run of [again, ...others]) expect(await run.done).toBeUndefined();
    // The time in the queue is a part of the wait.
    const [failed, queued] = again.sent;
    const waitedMs = (queued?.at ?? 0) - (failed?.endedAt ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(queued?.plan.delayMs).toBe(waitedMs);

    const moving = setUpEngine({ a: fails(answered(404)), b: busy }, { settings });
    const runs = Array.from({ length: 8 }, () => moving.call());
    await moving.clock.advance(60_000);
    for (const run of runs) expect(await run.done).toBeUndefined();
    expect(state("a").limit).toMatchObject({ inFlight: 0, queued: 0 });
    expect(moving.state("b").limit).toMatchObject({ inFlight: 0, queued: 0 });
  });

  it("ends the call once, where the queue was of no help", async () => {
    const short = { ...settings, limit: { ...limit, queueWaitMs: 100 } };
    const { clock, call } = setUpEngine(
      { a: fails(answered(404)), b: succeeds(60_000) },
      { settings: short },
    );
    const runs = Array.from({ length: 4 }, () => call());
    await clock.advance(5_000);
    const refused = runs.filter(({ ended }) => ended);
    expect(refused).toHaveLength(2);
    for (const run of refused) expect(run.skipped).toEqual(["b gateway-overloaded"]);
    await clock.advance(60_000);
  });
});

describe("the call whose failure opens the circuit", () => {
  it("waits for the next probe, as those do that wait already", async () => {
    const broken = Array.from({ length: 5 }, () => fails(answered(503)));
    const { clock, call, state } = setUpEngine({ a: [...broken, succeeds()] });
    for (let time = 0; time < 4; time++) {
      const run = call({ retry: { maxAttempts: 1 } });
      await clock.advance(DEFAULT_SETTINGS.health.minSpanMs / 3);
      await run.done;
    }
    const opening = call();
    await clock.advance(0);
    expect(state("a").circuit.state).toBe("open");
    await clock.advance(60_000);
    expect(await opening.done).toBeUndefined();
    expect(providers(opening)).toBe("aa");
  });
});

describe("what a success gives back to the retry budget", () => {
  // Time fills nothing here.
  const budget = { ...DEFAULT_SETTINGS.budget, fillMs: Number.POSITIVE_INFINITY };
  const settings = { ...DEFAULT_SETTINGS, budget };
  const { capacity, refill, transientCost } = budget;

  it("is nothing for a repetition, which its own success would pay for", async () => {
    const { clock, call, state } = setUpEngine(
      { a: [fails(answered(503)), succeeds()] },
      { settings },
    );
    for (const left of [capacity - transientCost, capacity - transientCost + refill]) {
      const run = call();
      await clock.advance(10_000);
      expect(await run.done).toBeUndefined();
      expect(state("a").instance.budget.level).toBeCloseTo(left / capacity, 10);
    }
  });
});

describe("what the retry budget forbids", () => {
  const settings = { ...DEFAULT_SETTINGS, budget: { ...DEFAULT_SETTINGS.budget, capacity: 0 } };

  it("is told: a repetition at the only target", async () => {
    const { clock, call } = setUpEngine({ a: fails(answered(503)) }, { settings });
    const run = call();
    await clock.advance(10_000);
    expect(await run.done).toMatchObject({ kind: "server-error" });
    expect(run.sent).toHaveLength(1);
    expect(run.skipped).toEqual(["a RETRY_BUDGET"]);
    expect(run.decisions).toEqual(["server-error end budget"]);
  });

  it("is told: a way back to the first target", async () => {
    const { clock, call, state } = setUpEngine({
      a: fails(answered(503)),
      b: fails(answered(404)),
    });
    state("a").instance.budget.spend(500);
    const run = call();
    await clock.advance(10_000);
    expect(await run.done).toMatchObject({ kind: "not-found" });
    expect(providers(run)).toBe("ab");
    expect(run.skipped).toEqual(["a RETRY_BUDGET"]);
  });

  it("is told: a failover to a target where too many have failed", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(answered(404)), b: succeeds() });
    state("b").standIn.spend(400);
    const run = call();
    await clock.advance(10_000);
    expect(await run.done).toMatchObject({ kind: "not-found" });
    expect(run.skipped).toEqual(["b RETRY_BUDGET"]);
  });

  it("is not told where the call goes on, or has been cancelled", async () => {
    const { clock, call, state } = setUpEngine({ a: fails(answered(503)), b: succeeds() });
    state("a").instance.budget.spend(500);
    const run = call();
    await clock.advance(10_000);
    expect(await run.done).toBeUndefined();
    expect(run.skipped).toEqual([]);
  });
});
