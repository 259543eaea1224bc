import { describe, expect, it } from "vitest";
import type { UsageQuery } from "../../../src/domain/usage-report.ts";
import type { LedgerStore } from "../../../src/ledger/ledger-store.ts";
import { createMemoryLedgerStore } from "../../../src/ledger/memory/ledger-store.ts";
import { DAY_MS, HOUR_MS, hourOf } from "../../../src/ledger/periods.ts";
import { encodeKey, type RowKey } from "../../../src/ledger/row-key.ts";
import { addPicos, addTime, addTo, createSums, storedSums } from "../../../src/ledger/sums.ts";
import { UsageQueries } from "../../../src/ledger/usage-queries.ts";
import { MemoryEngine } from "../../../src/store/memory/engine.ts";
import { StoreUnavailable } from "../../../src/store/store-unavailable.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const NOW = Date.parse("2028-03-02T10:30Z");
const at = (text: string): number => Date.parse(`${text}Z`);

const KEY: RowKey = {
  caller: "web",
  group: "team",
  model: "m",
  provider: "p",
  outcome: "succeeded",
  currency: "USD",
  label: "",
  value: "",
};

const EVERYTHING: UsageQuery = {
  fromMs: undefined,
  toMs: undefined,
  interval: "none",
  groupBy: [],
  filters: [],
  caller: undefined,
};

function createScene(open?: (store: LedgerStore) => LedgerStore) {
  const clock = createManualClock(NOW);
  const kept = createMemoryLedgerStore(new MemoryEngine(clock));
  const store = open?.(kept) ?? kept;
  let number = 0;
  const queries = new UsageQueries({
    clock,
    store,
    labels: () => ["step", "team"],
    lagMs: () => 1_500,
  });
  return {
    kept,
    /** Adds one call. */
    async use(time: number, key: Partial<RowKey> = {}, picos = 1): Promise<void> {
      const sums = createSums();
      addTo(sums, "calls", 1);
      addPicos(sums, picos);
      addTime(sums, 100);
      const row = {
        hour: hourOf(time),
        key: encodeKey({ ...KEY, ...key }),
        sums: storedSums(sums),
      };
      await kept.apply({ session: "s", number: ++number, rows: [row] });
    },
    ask: (query: Partial<UsageQuery> = {}) => queries.query({ ...EVERYTHING, ...query }),
  };
}

const outline = ({ rows }: Awaited<ReturnType<UsageQueries["query"]>>) =>
  rows.map(({ startMs, group, calls }) => {
    const start = new Date(startMs).toISOString().slice(0, 13);
    return [start, ...group, calls].join(" ");
  });

describe("a question about usage", () => {
  it("is about the last 24 hours, and one row", async () => {
    const { use, ask } = createScene();
    await use(at("2028-03-01T10:00"));
    await use(at("2028-03-01T09:59"));
    await use(NOW, { currency: "EUR", model: "n" }, 2_000_000_000_003);
    const report = await ask();
    expect(outline(report)).toEqual(["2028-03-01T10 2"]);
    expect(report).toMatchObject({
      fromMs: at("2028-03-01T10:00"),
      toMs: at("2028-03-03T00:00"),
      hoursFromMs: undefined,
      lostBatches: 0,
      lagMs: 1_500,
      total: {
        calls: 2,
        timedCalls: 2,
        costs: [
          { currency: "EUR", units: 2, picos: 3 },
          { currency: "USD", units: 0, picos: 1 },
        ],
      },
    });
    const { firstTokenP50Ms = 0 } = report.total;
    expect(firstTokenP50Ms).toBeGreaterThan(80);
    expect(firstTokenP50Ms).toBeLessThan(120);
  });

  it("has rows by period and group, in order", async () => {
    const { use, ask } = createScene();
    for (const model of ["b", "a"]) {
      await use(at("2028-02-29T23:59"), { model });
      await use(at("2028-03-01T00:00"), { model });
    }
    await use(at("2028-03-01T07:00"), { model: "a", caller: "ops", outcome: "failed" });
    const since = { fromMs: at("2028-02-28T00:00") };
    expect(outline(await ask({ ...since, interval: "day", groupBy: ["model"] }))).toEqual([
      "2028-02-29T00 a 1",
      "2028-02-29T00 b 1",
      "2028-03-01T00 a 2",
      "2028-03-01T00 b 1",
    ]);
    expect(outline(await ask({ ...since, interval: "month", groupBy: ["outcome"] }))).toEqual([
      "2028-02-01T00 succeeded 2",
      "2028-03-01T00 failed 1",
      "2028-03-01T00 succeeded 2",
    ]);
    expect(
      outline(await ask({ ...since, interval: "hour", groupBy: ["caller", "group"] })),
    ).toEqual(["2028-02-29T23 web team 2", "2028-03-01T00 web team 2", "2028-03-01T07 ops team 1"]);
    expect(outline(await ask({ ...since, caller: "ops", groupBy: ["provider"] }))).toEqual([
      "2028-02-28T00 p 1",
    ]);
    const filters = [
      { dimension: "model", values: ["a", "c"] },
      { dimension: "outcome", values: ["succeeded"] },
    ];
    expect(outline(await ask({ ...since, filters }))).toEqual(["2028-02-28T00 2"]);
  });

  it("has the rows of one label, whose sums are those of all rows", async () => {
    const { use, ask } = createScene();
    for (const [label, value] of [
      ["", ""],
      ["", ""],
      ["team", "x"],
      ["team", ""],
      ["step", "1"],
      ["step", "2"],
    ] as const) {
      await use(NOW, { label, value });
    }
    const byTeam = await ask({ groupBy: ["label:team", "model"] });
    expect(outline(byTeam)).toEqual(["2028-03-01T10  m 1", "2028-03-01T10 x m 1"]);
    expect(byTeam.total.calls).toBe((await ask()).total.calls);
    const filters = [{ dimension: "label:step", values: ["2"] }];
    expect((await ask({ filters })).total.calls).toBe(1);
    await expect(ask({ groupBy: ["label:team"], filters })).rejects.toMatchObject({
      violations: [{ field: "group_by", description: "has more than one label" }],
    });
  });

  it("says from when on hours are kept, and takes days before", async () => {
    const { use, ask, kept } = createScene();
    await use(at("2028-02-28T01:00"));
    await use(at("2028-02-28T20:00"));
    await use(at("2028-03-01T20:00"));
    await kept.tidy({ hoursMs: 2 * DAY_MS, daysMs: 400 * DAY_MS });
    const report = await ask({ fromMs: at("2028-02-28T19:00"), groupBy: ["model"] });
    expect(report).toMatchObject({
      fromMs: at("2028-02-28T00:00"),
      hoursFromMs: at("2028-02-28T21:00"),
      daysFromMs: undefined,
      total: { calls: 3 },
    });
    const hourly = { fromMs: at("2028-02-28T00:00"), interval: "hour" } as const;
    expect((await ask(hourly)).total.calls).toBe(1);
  });

  it("counts the batches that were lost in its days", async () => {
    const lost = new Map([
      [at("2028-03-01T00:00"), 2],
      [at("2028-02-20T00:00"), 5],
    ]);
    const { ask } = createScene((store) => ({
      ...store,
      state: async () => ({ ...(await store.state()), lost }),
    }));
    expect((await ask()).lostBatches).toBe(2);
    expect((await ask({ fromMs: at("2028-02-01T00:00") })).lostBatches).toBe(7);
  });

  it("is refused where the answer has more than 10,000 rows", async () => {
    const { use, ask } = createScene();
    for (let index = 0; index < 10_001; index++) await use(NOW, { model: `m${index}` });
    await expect(ask({ groupBy: ["model"] })).rejects.toMatchObject({
      kind: "validation",
      message: expect.stringContaining("more than 10000 rows"),
    });
    expect((await ask()).total.calls).toBe(10_001);
  });

  it("is refused while two of its caller run, or eight of all, and no longer", async () => {
    const gate = Promise.withResolvers<void>();
    const { ask } = createScene((store) => ({
      ...store,
      async state() {
        await gate.promise;
        return store.state();
      },
    }));
    const running = [ask({ caller: "a" }), ask({ caller: "a" })];
    await expect(ask({ caller: "a" })).rejects.toMatchObject({
      kind: "caller-limit",
      retryAfterMs: 1_000,
    });
    for (const caller of ["b", "b", "c", "c", "d", "d"]) running.push(ask({ caller }));
    await expect(ask({ caller: "e" })).rejects.toMatchObject({ kind: "caller-limit" });
    gate.resolve();
    await Promise.all(running);
    await expect(ask({ caller: "a" })).resolves.toMatchObject({ rows: [] });
  });

  it("fails with the store, and is free again", async () => {
    let isAway = true;
    const { ask } = createScene((store) => ({
      ...store,
      async read(period, visit) {
        if (isAway) throw new StoreUnavailable("not-applied", "away");
        return store.read(period, visit);
      },
    }));
    for (let index = 0; index < 5; index++) {
      await expect(ask({ caller: "a" })).rejects.toMatchObject({ kind: "state-unavailable" });
    }
    isAway = false;
    await expect(ask({ caller: "a" })).resolves.toMatchObject({ rows: [] });
  });

  it("looks an hour ahead at most, and not before 5,000 hours or days", async () => {
    const { ask, use } = createScene();
    await use(NOW + HOUR_MS);
    const report = await ask({ toMs: NOW + 1_000 * DAY_MS, interval: "hour" });
    expect(report).toMatchObject({ toMs: at("2028-03-02T12:00"), total: { calls: 1 } });
    await expect(ask({ fromMs: -1e15 })).rejects.toMatchObject({ kind: "validation" });
  });
});
