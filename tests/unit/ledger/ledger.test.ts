import { describe, expect, it } from "vitest";
import { Ledger } from "../../../src/ledger/ledger.ts";
import type { LedgerBatch, LedgerStore } from "../../../src/ledger/ledger-store.ts";
import { createMemoryLedgerStore } from "../../../src/ledger/memory/ledger-store.ts";
import { DAY_MS, dayOf, HOUR_MS, hourOf } from "../../../src/ledger/periods.ts";
import { addStored, COUNTERS, createSums } from "../../../src/ledger/sums.ts";
import { MemoryEngine } from "../../../src/store/memory/engine.ts";
import { StoreUnavailable } from "../../../src/store/store-unavailable.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { callRecord, usedAttempt } from "../../support/usage-call.ts";

/** What happens to the batches of a replica. */
type Fate = "taken" | "refused" | "answer lost" | "answered late" | "never answered" | "broken";

function createScene() {
  const clock = createManualClock();
  const engine = new MemoryEngine(clock);
  const kept = createMemoryLedgerStore(engine);
  const batches: LedgerBatch[] = [];
  const told: string[] = [];
  const scene = {
    fate: "taken" as Fate,
    /** Of the next batches, before `fate` counts. */
    fates: [] as Fate[],
    late: Promise.withResolvers<void>(),
    wallJumpMs: 0,
    labels: [] as string[],
  };
  const away = (): StoreUnavailable =>
    new StoreUnavailable("unknown", "away", { cause: "refused", code: "ECONNREFUSED" });
  const store: LedgerStore = {
    ...kept,
    async tidy(retention) {
      if (scene.fate === "broken") throw new RangeError("a defect");
      return kept.tidy(retention);
    },
    async apply(batch) {
      batches.push(batch);
      const fate = scene.fates.shift() ?? scene.fate;
      if (fate === "refused") throw away();
      if (fate === "broken") throw new TypeError("a defect");
      if (fate === "never answered") return new Promise(() => {});
      const answer = await kept.apply(batch);
      if (fate === "answered late") await scene.late.promise;
      if (fate === "answer lost") throw away();
      return answer;
    },
  };
  const ledger = new Ledger({
    clock: { ...clock, wallTime: () => clock.wallTime() + scene.wallJumpMs },
    settings: () => ({ labels: scene.labels, hoursMs: 90 * DAY_MS, daysMs: 400 * DAY_MS }),
    groupOf: (caller) => (caller === "web" ? "team" : ""),
    isListed: () => true,
    onBehind: ({ cause, code }) => told.push(`behind ${cause} ${code}`),
    onCaughtUp: (seconds) => told.push(`caught up after ${seconds} s`),
    onLost: (calls) => told.push(`lost ${calls}`),
    onDefect: (error) => told.push(`defect ${(error as Error).name}`),
  });
  return {
    ...scene,
    scene,
    clock,
    engine,
    ledger,
    batches,
    told,
    kept,
    start: () => ledger.start(store, "session"),
    /** Sums of the current day. */
    async today() {
      const sums = createSums();
      const rows: string[] = [];
      const start = dayOf(clock.wallTime());
      await kept.read({ grain: "day", start }, (key, ...stored) => {
        rows.push(key);
        addStored(sums, ...stored);
      });
      const of = (name: (typeof COUNTERS)[number]) => sums.counters[COUNTERS.indexOf(name)] ?? 0;
      return { rows, calls: of("calls"), picos: of("picos"), units: of("units") };
    },
  };
}

describe("the ledger", () => {
  it("writes a call within a second, and calls before its start too", async () => {
    const { ledger, clock, start, today, batches } = createScene();
    ledger.record(callRecord({ attempts: [usedAttempt({ picos: 5 })] }));
    await clock.advance(10_000);
    expect(batches).toEqual([]);
    expect(ledger.lagMs).toBe(10_000);
    start();
    ledger.record(callRecord({ attempts: [usedAttempt({ picos: 7 })] }));
    await clock.advance(999);
    expect(await today()).toMatchObject({ calls: 2, picos: 12 });
    expect((await today()).rows[0]).toContain('["web","team","m","p","succeeded","USD"');
    expect(ledger.lagMs).toBe(0);
    await clock.advance(10_000);
    expect(batches.length).toBe(1);
  });

  it("does not count attempts for themselves: their call has them", async () => {
    const { ledger, clock, start, today } = createScene();
    start();
    const { generation: _, state: __, errorKind: ___, ...facts } = callRecord();
    ledger.record({ ...facts, type: "attempt", attempt: usedAttempt({ picos: 5 }) });
    await clock.advance(1_000);
    expect(await today()).toMatchObject({ rows: [], calls: 0 });
  });

  it.each(["refused", "answer lost", "never answered"] as const)(
    "a batch that is %s is repeated with its number, and counts once",
    async (fate) => {
      const { ledger, scene, clock, start, today, batches, told } = createScene();
      start();
      scene.fate = fate;
      ledger.record(callRecord());
      await clock.advance(400);
      ledger.record(callRecord());
      await clock.advance(20_000);
      expect(told).toEqual([
        fate === "never answered" ? "behind timeout " : "behind refused ECONNREFUSED",
      ]);
      expect(ledger.lagMs).toBe(20_400);
      expect(new Set(batches.map(({ number }) => number))).toEqual(new Set([1]));
      expect(batches.length).toBeGreaterThan(2);
      scene.fate = "taken";
      await clock.advance(7_000);
      expect(await today()).toMatchObject({ calls: 2, picos: 2 });
      expect(ledger.lagMs).toBe(0);
      expect(told[1]).toMatch(/^caught up after 2\d(\.\d+)? s$/);
      expect(batches.at(-1)?.number).toBe(2);
    },
  );

  it("tells a defect of each batch once and as a defect, and loses no call", async () => {
    const { ledger, scene, clock, start, today, told } = createScene();
    start();
    scene.fate = "broken";
    ledger.record(callRecord());
    await clock.advance(30_000);
    expect(told).toEqual(["defect TypeError"]);
    expect(ledger.lagMs).toBe(30_000);
    scene.fate = "taken";
    await clock.advance(1_000);
    expect(await today()).toMatchObject({ calls: 1 });
    scene.fate = "broken";
    ledger.record(callRecord());
    await clock.advance(28_000);
    expect(told).toEqual(["defect TypeError", "defect TypeError"]);
    await clock.advance(1_000);
    expect(told.slice(2)).toEqual(["defect RangeError"]);
    await ledger.close();
    expect(told.slice(3)).toEqual(["lost 1"]);
  });

  it("keeps the sums of a store that is away in bounded memory, and whole", async () => {
    const { ledger, scene, clock, start, today, batches } = createScene();
    start();
    scene.fate = "refused";
    for (let index = 0; index < 15_000; index++) {
      ledger.record(callRecord({ caller: `caller-${index}` }));
    }
    await clock.advance(3_600);
    for (let index = 0; index < 15_000; index++) ledger.record(callRecord());
    scene.fate = "taken";
    await clock.advance(60_000);
    expect(await today()).toMatchObject({ calls: 30_000, picos: 30_000 });
    const { rows } = await today();
    expect(rows.length).toBeLessThanOrEqual(10_502);
    expect(rows.filter((key) => key.startsWith('["other"')).length).toBe(1);
    expect(Math.max(...batches.map((batch) => batch.rows.length))).toBe(500);
  });

  it("writes what is left at its end", async () => {
    const { ledger, clock, start, today, told, kept, engine } = createScene();
    start();
    await engine.sessions.calls.openSession("session", 1_000);
    for (let index = 0; index < 700; index++) ledger.record(callRecord({ caller: `c${index}` }));
    await ledger.close();
    await engine.sessions.calls.closeSession("session");
    expect(await today()).toMatchObject({ calls: 700 });
    expect(told).toEqual([]);
    await kept.tidy({ hoursMs: 90 * DAY_MS, daysMs: 400 * DAY_MS });
    expect((await kept.state()).lost).toEqual(new Map());
    expect(clock.pendingTimers).toBe(0);
  });

  it("tells at its end how many calls no store will have", async () => {
    const { ledger, scene, clock, start, told } = createScene();
    start();
    scene.fate = "never answered";
    for (let index = 0; index < 3; index++) ledger.record(callRecord());
    await clock.advance(500);
    ledger.record(callRecord());
    const closed = ledger.close();
    await clock.advance(1_000);
    await closed;
    expect(told).toEqual(["lost 4"]);
  });

  it("tells of a call that no store will have, also when a batch before is answered meanwhile", async () => {
    const { ledger, scene, clock, start, told, batches } = createScene();
    start();
    scene.fates = ["answered late", "taken", "never answered"];
    ledger.record(callRecord());
    await clock.advance(500);
    ledger.record(callRecord());
    const closed = ledger.close();
    await clock.advance(1);
    expect(batches.map(({ number }) => number)).toEqual([1, 1, 2]);
    scene.late.resolve();
    await clock.advance(1_000);
    await closed;
    expect(told).toEqual(["lost 1"]);
  });

  it("counts each call once among those that no store will have, however many batches they are", async () => {
    const { ledger, scene, clock, start, told } = createScene();
    start();
    for (let index = 0; index < 1_200; index++) ledger.record(callRecord({ caller: `c${index}` }));
    scene.fate = "never answered";
    const closed = ledger.close();
    await clock.advance(1_000);
    await closed;
    expect(told).toEqual(["lost 1200"]);
  });

  it("keeps hours and lost batches to the end of their time, and not longer", async () => {
    const { kept, clock } = createScene();
    const retention = { hoursMs: 10 * HOUR_MS, daysMs: 3 * DAY_MS };
    const row = { key: "a", sums: Float64Array.of(1, 1) };
    const hour = hourOf(clock.wallTime());
    await kept.apply({ session: "dies", number: 1, rows: [{ ...row, hour }] });
    const hours = async () => {
      await kept.tidy(retention);
      let rows = 0;
      await kept.read({ grain: "hour", start: hour }, () => rows++);
      return rows;
    };
    // Its last millisecond is kept for as long as the first one of the next hour would be.
    await clock.advance(hour + 11 * HOUR_MS - clock.wallTime());
    expect(await hours()).toBe(1);
    await clock.advance(1);
    expect(await hours()).toBe(0);
    expect((await kept.state()).lost).toEqual(new Map([[dayOf(hour), 1]]));
    await clock.advance(dayOf(hour) + 4 * DAY_MS - clock.wallTime());
    await kept.tidy(retention);
    expect((await kept.state()).lost).toEqual(new Map());
  });

  it("puts calls of a clock that has jumped into the hour of the store, and goes on", async () => {
    const { ledger, scene, clock, start, today, kept } = createScene();
    start();
    for (const jump of [0, 40 * DAY_MS, -40 * DAY_MS]) {
      scene.wallJumpMs = jump;
      ledger.record(callRecord());
      await clock.advance(1_000);
    }
    expect(await today()).toMatchObject({ calls: 3 });
    scene.wallJumpMs = -2 * HOUR_MS;
    ledger.record(callRecord());
    await clock.advance(1_000);
    const calls: number[] = [];
    const start2 = hourOf(clock.wallTime() - 2 * HOUR_MS);
    await kept.read({ grain: "hour", start: start2 }, (_, stored) => calls.push(stored[3] ?? 0));
    expect(calls).toEqual([1]);
  });

  it("deletes what is past its time once a minute", async () => {
    const { ledger, clock, start, kept } = createScene();
    start();
    ledger.record(callRecord());
    await clock.advance(1_000);
    await clock.advance(92 * DAY_MS);
    expect((await kept.state()).hoursFrom).toBeGreaterThan(0);
    expect((await kept.state()).rows).toBe(1);
  });
});
