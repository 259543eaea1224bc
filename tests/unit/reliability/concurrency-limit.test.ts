import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { CallerShare } from "../../../src/reliability/caller-queue.ts";
import { ConcurrencyLimit } from "../../../src/reliability/concurrency-limit.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { answered, fails, hangs, setUpEngine, succeeds } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const settings = { maxInFlight: 2, queueLength: 2, queueWaitMs: 10_000, callerShare: 1 };
const never = new AbortController().signal;

function setUp() {
  const clock = createManualClock();
  const limit = new ConcurrencyLimit(clock, () => settings);
  const log: string[] = [];
  const entries: CallerShare[] = [];
  const enter = (name: string, waitMs = 1_000, signal = never): void => {
    // A quarter of what is left may be waited.
    void limit.enter("one", 4 * waitMs, signal).then(
      (entered) => {
        if (entered !== undefined) entries.push(entered);
        log.push(`${name} ${entered ? "in" : "out"}`);
      },
      (error: GatewayError) => log.push(`${name} ${error.kind}`),
    );
  };
  const leave = (): void => limit.leave(entries.shift() as CallerShare);
  return { clock, limit, log, enter, leave };
}

describe("ConcurrencyLimit", () => {
  it("lets in so many, then first come first served", async () => {
    const { clock, limit, log, enter, leave } = setUp();
    for (const name of ["a", "b", "c", "d"]) enter(name);
    await clock.advance(0);
    expect(log).toEqual(["a in", "b in"]);
    expect(limit).toMatchObject({ inFlight: 2, queued: 2 });
    leave();
    await clock.advance(0);
    leave();
    await clock.advance(0);
    expect(log).toEqual(["a in", "b in", "c in", "d in"]);
    expect(limit).toMatchObject({ inFlight: 2, queued: 0 });
  });

  it("turns away what its queue does not hold, and lets nobody jump it", async () => {
    const { clock, limit, log, enter } = setUp();
    for (const name of ["a", "b", "c", "d", "e"]) enter(name);
    await clock.advance(0);
    expect(log).toEqual(["a in", "b in", "e out"]);
    expect(limit.tryEnter("one")).toBeUndefined();
  });

  it("serves one that waits first, when a reload has raised the limit", async () => {
    const clock = createManualClock();
    let current = { ...settings, maxInFlight: 1 };
    const limit = new ConcurrencyLimit(clock, () => current);
    expect(limit.tryEnter("one")).toBeDefined();
    const waiting = limit.enter("two", 40_000, never);
    current = settings;
    expect(limit.tryEnter("three")).toBeUndefined();
    expect((await waiting)?.caller).toBe("two");
  });

  it("ends a wait by time and by abort, without a leak", async () => {
    const { clock, limit, log, enter, leave } = setUp();
    const controller = new AbortController();
    enter("a");
    enter("b");
    enter("c", 500);
    enter("d", 1_000, controller.signal);
    await clock.advance(500);
    controller.abort(new GatewayError("cancelled", "test"));
    await clock.advance(0);
    expect(log).toEqual(["a in", "b in", "c out", "d cancelled"]);
    expect(limit.queued).toBe(0);
    leave();
    leave();
    expect(limit.inFlight).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a wait that is over", () => {
  it.each<[string, (set: ReturnType<typeof setUp>) => unknown]>([
    ["with a place", ({ leave }) => leave()],
    ["by its time", ({ clock }) => clock.advance(1_000)],
  ])("%s listens to its signal no longer", async (_name, end) => {
    const set = setUp();
    const { signal } = new AbortController();
    for (const name of ["a", "b", "c"]) set.enter(name, 1_000, signal);
    await set.clock.advance(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await end(set);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("calls at a busy target", () => {
  const narrow = { ...DEFAULT_SETTINGS, limit: { ...settings, maxInFlight: 1 } };

  it("wait for a slot, and say how long", async () => {
    const { clock, call, state } = setUpEngine({ a: succeeds(400) }, { settings: narrow });
    const runs = [call(), call()];
    await clock.advance(1_000);
    for (const run of runs) expect(await run.done).toBeUndefined();
    expect(runs[1]?.sent[0]?.plan).toMatchObject({ queuedMs: 400, delayMs: 400 });
    expect(state("a").limit.inFlight).toBe(0);
  });

  it("are refused where the wait is too long, a quarter of their time at most", async () => {
    const { clock, call } = setUpEngine({ a: hangs }, { settings: narrow });
    call();
    const run = call({ totalMs: 2_000 });
    await clock.advance(499);
    expect(run.ended).toBe(false);
    await clock.advance(1);
    expect(await run.done).toMatchObject({ kind: "gateway-overloaded" });
    expect(run.sent).toHaveLength(0);
  });

  it("go to another target that has room", async () => {
    const { clock, call } = setUpEngine({ a: hangs, b: succeeds() }, { settings: narrow });
    call();
    const run = call();
    await clock.advance(0);
    expect(await run.done).toBeUndefined();
    expect(run.skipped).toEqual(["a gateway-overloaded"]);
  });

  it("give the slot back that comes when the circuit has opened meanwhile", async () => {
    const health = { ...narrow.health, consecutiveFailures: 1, minSpanMs: 0, panic: false };
    const once = { ...narrow, health };
    const { clock, call, state } = setUpEngine(
      { a: fails(answered(503), 100) },
      { settings: once },
    );
    const runs = [call({ retry: { maxAttempts: 1 } }), call()];
    await clock.advance(200);
    expect(await runs[1]?.done).toMatchObject({ kind: "circuit-open" });
    expect(state("a").limit).toMatchObject({ inFlight: 0, queued: 0 });
  });
});
