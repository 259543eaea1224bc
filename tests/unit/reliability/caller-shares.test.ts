import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { LimitSettings } from "../../../src/domain/limit-settings.ts";
import type { CallerShare } from "../../../src/reliability/caller-queue.ts";
import { ConcurrencyLimit } from "../../../src/reliability/concurrency-limit.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { hangs, setUpEngine, succeeds } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";

// The places of a target, and the queue before them, shared by callers.

const SHIPPED: LimitSettings = { ...DEFAULT_SETTINGS.limit, callerShare: 0.75 };
const GONE = new GatewayError("cancelled", "test");

/** A target's limit with the calls that run there, and what became of those that waited. */
function setUp(given: Partial<LimitSettings> = {}) {
  const settings = { ...SHIPPED, ...given };
  const clock = createManualClock();
  const limit = new ConcurrencyLimit(clock, () => settings);
  const running: CallerShare[] = [];
  /** Callers in the order in which their calls entered or were turned away. */
  const log: string[] = [];
  return {
    clock,
    limit,
    settings,
    running,
    log,
    held: (caller: string) => running.filter((share) => share.caller === caller).length,
    call(caller: string, signal = new AbortController().signal): void {
      // A quarter of what is left may be waited.
      void limit.enter(caller, 40_000, signal).then(
        (share) => {
          if (share !== undefined) running.push(share);
          log.push(share === undefined ? `${caller} refused` : caller);
        },
        () => log.push(`${caller} gone`),
      );
    },
    end(caller: string): void {
      const index = running.findIndex((share) => share.caller === caller);
      const [share] = index === -1 ? [] : running.splice(index, 1);
      if (share !== undefined) limit.leave(share);
    },
  };
}

describe("the places of a target", () => {
  it("field:X7: one caller gets its share of them, and another is served at once", async () => {
    const set = setUp();
    for (let calls = 0; calls < 1_000; calls++) set.call("heavy");
    await set.clock.advance(0);
    expect(set.held("heavy")).toBe(384);
    expect(set.limit).toMatchObject({ inFlight: 384, queued: 512 });
    for (let calls = 0; calls < 90; calls++) {
      expect(set.limit.tryEnter("light")).toBeDefined();
    }
  });

  it("field:X7: several callers that want all of them leave some to the next one", async () => {
    const set = setUp({ queueLength: 10_000 });
    for (const caller of ["first", "second", "third", "fourth"]) {
      for (let calls = 0; calls < 600; calls++) set.call(caller);
    }
    await set.clock.advance(0);
    const held = ["first", "second", "third", "fourth"].map(set.held);
    expect(held).toEqual([384, 96, 24, 6]);
    expect(set.limit.tryEnter("next")).toBeDefined();
  });

  it("field:X7: as many callers as want all of them get the same of them in the end", async () => {
    const set = setUp({ queueLength: 10_000 });
    const heavy = Array.from({ length: 20 }, (_, index) => `heavy ${index}`);
    for (const caller of heavy) for (let calls = 0; calls < 450; calls++) set.call(caller);
    await set.clock.advance(0);
    // The more a caller holds the more of its calls end.
    const ends = (): string => heavy.toSorted((a, b) => set.held(b) - set.held(a))[0] ?? "";
    for (let calls = 0; calls < 600; calls++) {
      set.end(ends());
      await set.clock.advance(0);
    }
    const held = heavy.map(set.held);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
    expect(Math.min(...held)).toBeGreaterThanOrEqual(24);
    expect(set.limit.tryEnter("next")).toBeDefined();
  });

  it("belong to the only caller there is, all of them", async () => {
    const set = setUp({ callerShare: 1 });
    for (let calls = 0; calls < 1_100; calls++) set.call("only");
    await set.clock.advance(0);
    expect(set.limit).toMatchObject({ inFlight: 512, queued: 512 });
    expect(set.log.filter((line) => line === "only refused")).toHaveLength(76);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [8, 6],
    [64, 48],
  ])("%i of them: a caller that is alone gets %i", async (maxInFlight, most) => {
    const set = setUp({ maxInFlight });
    for (let calls = 0; calls < maxInFlight; calls++) set.call("alone");
    await set.clock.advance(0);
    expect(set.held("alone")).toBe(most);
  });

  it("go to the caller that holds least, when one is given back", async () => {
    const set = setUp({ maxInFlight: 3 });
    for (const caller of ["a", "a", "b", "a", "b", "c"]) set.call(caller);
    await set.clock.advance(0);
    expect(set.log).toEqual(["a", "a", "b"]);
    set.end("a");
    await set.clock.advance(0);
    expect(set.log.slice(3)).toEqual(["c"]);
    set.end("a");
    await set.clock.advance(0);
    expect(set.log.slice(4)).toEqual(["a"]);
  });

  it("go from one caller to the next where there is one place only", async () => {
    const set = setUp({ maxInFlight: 1 });
    for (const caller of ["a", "a", "a", "a", "b", "b", "c"]) set.call(caller);
    for (let calls = 0; calls < 7; calls++) {
      await set.clock.advance(0);
      set.end(set.log.at(-1) ?? "");
    }
    expect(set.log).toEqual(["a", "a", "b", "c", "a", "b", "a"]);
  });

  it("are handed out at the next call where a reload has made more of them", async () => {
    const set = setUp({ maxInFlight: 1 });
    for (const caller of ["a", "b", "c"]) set.call(caller);
    await set.clock.advance(0);
    set.settings.maxInFlight = 8;
    set.call("d");
    await set.clock.advance(0);
    expect(set.log.toSorted()).toEqual(["a", "b", "c", "d"]);
  });
});

describe("the queue of a target", () => {
  it("field:X7: turns away the newest call of the caller that has most", async () => {
    const set = setUp({ maxInFlight: 2, queueLength: 4 });
    for (const caller of ["a", "a", "b", "a", "a"]) set.call(caller);
    const newest = new AbortController();
    set.call("a", newest.signal);
    set.call("c");
    await set.clock.advance(0);
    expect(set.log).toEqual(["a", "a", "a refused"]);
    // The one that was refused waits no more, and all others do.
    newest.abort(GONE);
    await set.clock.advance(0);
    expect(set.limit.queued).toBe(4);
    for (let calls = 0; calls < 4; calls++) {
      set.end("a");
      await set.clock.advance(0);
    }
    expect(set.log.slice(3)).toEqual(["b", "a", "c"]);
  });

  it("refuses a call whose caller has as much as any other", async () => {
    const set = setUp({ maxInFlight: 1, queueLength: 2 });
    for (const caller of ["a", "b", "c", "d", "b", "a"]) set.call(caller);
    await set.clock.advance(0);
    expect(set.log).toEqual(["a", "d refused", "b refused", "a refused"]);
  });
});

describe("many callers, whatever they do", () => {
  const caller = fc.nat({ max: 7 }).map((index) => `caller ${index}`);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("call" as const),
        caller,
        calls: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: fc.constant("end" as const), caller }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("leave" as const), caller }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.nat({ max: 6_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("reload" as const),
        maxInFlight: fc.integer({ min: 1, max: 12 }),
      }),
    },
  );
  const world = fc.record({
    maxInFlight: fc.integer({ min: 1, max: 12 }),
    queueLength: fc.nat({ max: 12 }),
    callerShare: fc.constantFrom(0.25, 0.5, 0.75, 1),
    steps: fc.array(step, { maxLength: 80 }),
  });

  it("no place is lost or given twice, and nobody that holds nothing is passed over twice", async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ steps, ...settings }) => {
        const set = setUp(settings);
        const { limit, clock } = set;
        const callers = Array.from({ length: 8 }, (_, index) => `caller ${index}`);
        const leaves = new Map(callers.map((name) => [name, new AbortController()]));
        const waiting = (name: string): number =>
          calls.filter((each) => each === name).length -
          set.log.filter((line) => line.startsWith(name)).length;
        const calls: string[] = [];
        /** Where in the log a caller began to wait with nothing. */
        const since = new Map<string, number>();
        /** A reload can leave more calls running than may begin. */
        let most = 0;
        for (const each of steps) {
          if (each.type === "call") {
            for (let count = 0; count < each.calls; count++) {
              calls.push(each.caller);
              set.call(each.caller, leaves.get(each.caller)?.signal);
            }
          } else if (each.type === "end") set.end(each.caller);
          else if (each.type === "leave") {
            leaves.get(each.caller)?.abort(GONE);
            leaves.set(each.caller, new AbortController());
          } else if (each.type === "reload") set.settings.maxInFlight = each.maxInFlight;
          await clock.advance(each.type === "wait" ? each.ms : 0);
          expect(limit.inFlight).toBeLessThanOrEqual(Math.max(set.settings.maxInFlight, most));
          most = limit.inFlight;
          expect(limit.inFlight).toBe(set.running.length);
          expect(limit.queued).toBeLessThanOrEqual(settings.queueLength);
          expect(limit.queued).toBe(callers.reduce((sum, name) => sum + waiting(name), 0));
          for (const name of callers) {
            const isPassedOver = waiting(name) > 0 && set.held(name) === 0;
            if (!isPassedOver) since.delete(name);
            else if (!since.has(name)) since.set(name, set.log.length);
            const from = since.get(name);
            const served =
              from === undefined
                ? []
                : set.log
                    .slice(from)
                    .filter((line) => !line.includes(" refused") && !line.includes(" gone"));
            expect(new Set(served).size).toBe(served.length);
          }
        }
        for (const controller of leaves.values()) controller.abort(GONE);
        for (const name of callers) while (set.held(name) > 0) set.end(name);
        await clock.advance(0);
        expect(limit).toMatchObject({ inFlight: 0, queued: 0, callers: 0 });
        expect(clock.pendingTimers).toBe(0);
        expect(set.log).toHaveLength(calls.length);
      }),
      { numRuns: 150 },
    );
  });

  it("every place that a waiting caller may take is taken", async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ steps, ...settings }) => {
        const set = setUp(settings);
        for (const each of steps) {
          if (each.type === "call") {
            for (let count = 0; count < each.calls; count++) set.call(each.caller);
          } else if (each.type === "end") set.end(each.caller);
          await set.clock.advance(0);
          const { limit } = set;
          const isUsed =
            limit.queued === 0 || limit.inFlight >= settings.maxInFlight * settings.callerShare;
          expect(isUsed).toBe(true);
          expect(limit.inFlight).toBeLessThanOrEqual(settings.maxInFlight);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("calls of several callers at a busy target", () => {
  const narrow = { ...DEFAULT_SETTINGS, limit: { ...SHIPPED, maxInFlight: 4, queueLength: 1 } };

  it("say whose calls are too many", async () => {
    const { clock, call } = setUpEngine({ a: hangs }, { settings: narrow });
    const runs = Array.from({ length: 5 }, () => call({ caller: "one" }));
    await clock.advance(0);
    expect(await runs[4]?.done).toMatchObject({
      kind: "gateway-overloaded",
      message: "too many calls of this caller run at a/test-model",
    });
    call({ caller: "two" });
    const another = call({ caller: "two" });
    await clock.advance(0);
    expect(another.ended).toBe(false);
    await clock.advance(5_000);
    expect(await another.done).toMatchObject({ message: "too many calls run at a/test-model" });
  });

  it("go to another target where the caller's share of the first is taken", async () => {
    const { clock, call } = setUpEngine({ a: hangs, b: succeeds() }, { settings: narrow });
    const runs = Array.from({ length: 4 }, () => call({ caller: "one" }));
    await clock.advance(0);
    expect(runs.map(({ sent }) => sent.at(-1)?.provider)).toEqual(["a", "a", "a", "b"]);
    const another = call({ caller: "two" });
    await clock.advance(0);
    expect(another.sent[0]?.provider).toBe("a");
  });

  it("hold places with their rivals, too", async () => {
    const { clock, call, state } = setUpEngine({ a: hangs, b: hangs }, { settings: narrow });
    const hedge = { delayMs: 10 };
    for (let count = 0; count < 4; count++) call({ caller: "one", hedge });
    await clock.advance(20);
    expect([state("a").limit.inFlight, state("b").limit.inFlight]).toEqual([3, 3]);
    expect(state("b").limit.isReserved("one")).toBe(true);
    expect(state("b").limit.isFull("two")).toBe(false);
  });
});
