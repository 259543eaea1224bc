// The rules of the ledger's port, over every store.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { BatchRow, LedgerBounds, LedgerStore } from "../../src/ledger/ledger-store.ts";
import { DAY_MS, dayOf, HOUR_MS, hourOf, type Period } from "../../src/ledger/periods.ts";
import { decodeKey, encodeKey, type RowKey } from "../../src/ledger/row-key.ts";
import {
  addPicos,
  addStored,
  addTime,
  addTo,
  COUNTERS,
  createSums,
  type Sums,
  storedSums,
  timedCalls,
} from "../../src/ledger/sums.ts";
import { type OpenLedger, useLedgers } from "../support/ledger-stores.ts";

const LONG = { hoursMs: 90 * DAY_MS, daysMs: 400 * DAY_MS };
const SESSION_TTL_MS = 60_000;

const KEY: RowKey = {
  caller: "web",
  group: "",
  model: "m",
  provider: "p",
  outcome: "succeeded",
  currency: "USD",
  label: "",
  value: "",
};

const keyOf = (model: string): string => encodeKey({ ...KEY, model });

function row(hour: number, key: string, { calls = 1, picos = 0, ms = -1 } = {}): BatchRow {
  const sums = createSums();
  addTo(sums, "calls", calls);
  addPicos(sums, picos);
  if (ms >= 0) addTime(sums, ms);
  return { hour, key, sums: storedSums(sums) };
}

const hoursAgo = (hours: number): number => hourOf(systemClock.wallTime()) - hours * HOUR_MS;

async function rowsOf(store: LedgerStore, period: Period): Promise<Map<string, Sums>> {
  const rows = new Map<string, Sums>();
  await store.read(period, (key, ...stored) => {
    const sums = rows.get(key) ?? createSums();
    addStored(sums, ...stored);
    rows.set(key, sums);
  });
  return rows;
}

const counter = (sums: Sums | undefined, name: (typeof COUNTERS)[number]): number =>
  sums?.counters[COUNTERS.indexOf(name)] ?? 0;

/** Calls of a period by key. */
async function callsOf(store: LedgerStore, period: Period): Promise<Record<string, number>> {
  const rows = await rowsOf(store, period);
  return Object.fromEntries([...rows].map(([key, sums]) => [key, counter(sums, "calls")]));
}

describe.each(useLedgers())("$name", ({ name, open }) => {
  let opened: OpenLedger[] = [];

  async function openLedger(bounds?: Partial<LedgerBounds>): Promise<OpenLedger> {
    const ledger = await open(bounds);
    opened.push(ledger);
    return ledger;
  }

  afterEach(async () => {
    for (const each of opened) await each.close();
    opened = [];
  });

  it("adds a batch to the rows of its hours and of their days", async () => {
    const { ledger } = await openLedger();
    const [older, newer] = [hoursAgo(50), hoursAgo(1)];
    const rows = [
      row(older, keyOf("a"), { calls: 2, picos: 700, ms: 5 }),
      row(newer, keyOf("a"), { calls: 3 }),
      row(newer, keyOf('é"\n'), { calls: 4 }),
    ];
    expect(await ledger.apply({ session: "s", number: 1, rows })).toBe("applied");
    const hour = await rowsOf(ledger, { grain: "hour", start: older });
    expect([...hour.keys()]).toEqual([keyOf("a")]);
    const sums = hour.get(keyOf("a"));
    expect(counter(sums, "calls")).toBe(2);
    expect(counter(sums, "picos")).toBe(700);
    expect(sums?.times[10]).toBe(1);
    expect(await callsOf(ledger, { grain: "day", start: dayOf(newer) })).toEqual({
      [keyOf("a")]: 3,
      [keyOf('é"\n')]: 4,
    });
    expect(await callsOf(ledger, { grain: "hour", start: hoursAgo(7) })).toEqual({});
    expect(await ledger.state()).toEqual({ hoursFrom: 0, daysFrom: 0, rows: 6, lost: new Map() });
  });

  it("adds each batch of a session once, however often and in whatever turn it is repeated", async () => {
    const { ledger } = await openLedger();
    const hour = hoursAgo(0);
    const batch = (session: string, number: number) => ({
      session,
      number,
      rows: [row(hour, keyOf("a"))],
    });
    const answers = await Promise.all([
      ledger.apply(batch("s", 1)),
      ledger.apply(batch("s", 1)),
      ledger.apply(batch("t", 1)),
      ledger.apply(batch("s", 2)),
      ledger.apply(batch("s", 1)),
    ]);
    expect(answers).toEqual(["applied", "repeated", "applied", "applied", "repeated"]);
    expect(await callsOf(ledger, { grain: "hour", start: hour })).toEqual({ [keyOf("a")]: 3 });
  });

  it("sums exactly, beyond what a double holds, as the batches say in any order", async () => {
    const amount = fc.oneof(
      fc.integer({ min: 0, max: 2_000 }),
      fc.maxSafeInteger().map((value) => Math.abs(value)),
    );
    const call = fc.record({
      model: fc.constantFrom("a", "b"),
      hours: fc.integer({ min: 0, max: 3 }),
      picos: amount,
      ms: fc.integer({ min: 0, max: 100_000 }),
    });
    const { ledger } = await openLedger();
    const now = hoursAgo(0);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(call, { maxLength: 5 }), { maxLength: 6 }),
        async (batches) => {
          const session = `run-${run++}`;
          const expected = new Map<string, bigint>();
          for (const [index, calls] of batches.entries()) {
            const rows = calls.map(({ model, hours, picos, ms }) => {
              const hour = now - hours * HOUR_MS;
              const key = encodeKey({ ...KEY, caller: session, model });
              expected.set(
                `${hour} ${key}`,
                (expected.get(`${hour} ${key}`) ?? 0n) + BigInt(picos),
              );
              return row(hour, key, { picos, ms });
            });
            await ledger.apply({ session, number: index + 1, rows });
          }
          const found = new Map<string, bigint>();
          let timed = 0;
          for (let hours = 0; hours <= 3; hours++) {
            const start = now - hours * HOUR_MS;
            for (const [key, sums] of await rowsOf(ledger, { grain: "hour", start })) {
              if (decodeKey(key).caller !== session) continue;
              expect(counter(sums, "picos")).toBeLessThan(1e12);
              const units = BigInt(counter(sums, "units")) * 1_000_000_000_000n;
              found.set(`${start} ${key}`, units + BigInt(counter(sums, "picos")));
              timed += timedCalls(sums);
            }
          }
          expect(found).toEqual(expected);
          expect(timed).toBe(batches.flat().length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("keeps counters of a later release, and adds to them", async () => {
    const { ledger } = await openLedger();
    const start = hoursAgo(0);
    const { sums, ...place } = row(start, keyOf("a"), { ms: 8 });
    const count = COUNTERS.length;
    const later = Float64Array.of(
      count + 1,
      ...sums.slice(1, count + 1),
      7,
      ...sums.slice(count + 1),
    );
    await ledger.apply({ session: "s", number: 1, rows: [{ ...place, sums: later }] });
    await ledger.apply({ session: "s", number: 2, rows: [{ ...place, sums }] });
    await ledger.apply({ session: "s", number: 3, rows: [{ ...place, sums: later }] });
    const rows = await rowsOf(ledger, { grain: "hour", start });
    expect(counter(rows.get(keyOf("a")), "calls")).toBe(3);
    expect(rows.get(keyOf("a"))?.times[12]).toBe(3);
  });

  it("puts the sums of a clock that has jumped into the store's own hour", async () => {
    const { ledger } = await openLedger();
    const rows = [hoursAgo(-400), hoursAgo(24 * 365), hoursAgo(0)].map((hour) =>
      row(hour, keyOf("a")),
    );
    await ledger.apply({ session: "s", number: 1, rows });
    expect(await callsOf(ledger, { grain: "hour", start: hoursAgo(0) })).toEqual({
      [keyOf("a")]: 3,
    });
    expect((await ledger.state()).rows).toBe(2);
  });

  it("deletes hours and days that are past their time, and says from when on it has them", async () => {
    const { ledger } = await openLedger();
    const rows = [100, 60, 3, 0].map((hours) => row(hoursAgo(hours), keyOf("a")));
    await ledger.apply({ session: "s", number: 1, rows });
    await ledger.tidy(LONG);
    expect(await ledger.state()).toMatchObject({ hoursFrom: 0, daysFrom: 0 });
    await ledger.tidy({ hoursMs: 30 * HOUR_MS, daysMs: 400 * DAY_MS });
    expect(await ledger.state()).toMatchObject({ hoursFrom: hoursAgo(59), daysFrom: 0 });
    expect(await callsOf(ledger, { grain: "hour", start: hoursAgo(60) })).toEqual({});
    const day = { grain: "day", start: dayOf(hoursAgo(60)) } as const;
    expect(await callsOf(ledger, day)).toEqual({ [keyOf("a")]: 1 });
    await ledger.tidy({ hoursMs: HOUR_MS, daysMs: DAY_MS });
    const state = await ledger.state();
    expect(state).toMatchObject({ hoursFrom: hoursAgo(2) });
    expect(state.daysFrom).toBe(dayOf(hoursAgo(60)) + DAY_MS);
    expect(await callsOf(ledger, day)).toEqual({});
  });

  it("has the same rows of periods that have ended long ago, also if a clock adds to them", async () => {
    const { ledger } = await openLedger({ packAfterHours: 24 });
    const starts = [100, 99, 51, 2].map(hoursAgo);
    const names = ["a", "b", 'é"\n', "a".repeat(3_000), "b0", "b00"];
    const rows = starts.flatMap((start, hours) =>
      names.map((name, index) =>
        row(start, keyOf(name), { calls: index + 1, picos: 2 ** 52 + hours, ms: 2 ** index }),
      ),
    );
    const periods = starts.flatMap((start): Period[] => [
      { grain: "hour", start },
      { grain: "day", start: dayOf(start) },
    ]);
    const contents = () => Promise.all(periods.map((period) => rowsOf(ledger, period)));
    await ledger.apply({ session: "s", number: 1, rows });
    const before = await contents();
    expect(before[0]?.size).toBe(names.length);
    const { rows: count } = await ledger.state();
    for (let step = 0; step < 5; step++) await ledger.tidy(LONG);
    expect(await contents()).toEqual(before);
    expect((await ledger.state()).rows).toBe(count);

    const late = [row(starts[0] ?? 0, keyOf("a"), { calls: 5 }), row(starts[0] ?? 0, keyOf("new"))];
    await ledger.apply({ session: "s", number: 2, rows: late });
    let visits = 0;
    await ledger.read({ grain: "hour", start: starts[0] ?? 0 }, () => visits++);
    // A store in memory packs nothing.
    expect(visits).toBe(names.length + (name.endsWith("memory") ? 1 : 2));
    const more = await contents();
    expect(counter(more[0]?.get(keyOf("a")), "calls")).toBe(6);
    expect(counter(more[0]?.get(keyOf("new")), "calls")).toBe(1);
    await ledger.tidy(LONG);
    await ledger.tidy(LONG);
    expect(await contents()).toEqual(more);
    expect((await ledger.state()).rows).toBe(count + 2);

    await ledger.tidy({ hoursMs: HOUR_MS, daysMs: DAY_MS });
    expect((await rowsOf(ledger, { grain: "day", start: dayOf(hoursAgo(100)) })).size).toBe(0);
    expect((await ledger.state()).rows).toBeLessThanOrEqual(2 * names.length);
  });

  it("counts a session that dies as a lost batch, once, and none that has closed", async () => {
    const { ledger, sessions } = await openLedger();
    const start = hoursAgo(0);
    for (const session of ["dies", "closes", "lives"]) {
      await sessions.openSession(session, SESSION_TTL_MS);
      await ledger.apply({ session, number: 1, rows: [row(start, keyOf("a"))] });
    }
    await ledger.closeSession("closes");
    await sessions.closeSession("closes");
    await sessions.closeSession("dies");
    await ledger.tidy(LONG);
    await ledger.tidy(LONG);
    expect((await ledger.state()).lost).toEqual(new Map([[dayOf(start), 1]]));
    // It was not dead, and goes on.
    await sessions.openSession("dies", SESSION_TTL_MS);
    const again = { session: "dies", rows: [row(start, keyOf("a"))] };
    expect(await ledger.apply({ ...again, number: 1 })).toBe("repeated");
    expect(await ledger.apply({ ...again, number: 2 })).toBe("applied");
  });

  it("adds to other what an hour or a day has no room for", async () => {
    const { ledger } = await openLedger({ maxPeriodRows: 2 });
    const rows = ["a", "b", "c", "a", "d"].map((name) => row(hoursAgo(0), keyOf(name)));
    await ledger.apply({ session: "s", number: 1, rows });
    const other = { ...KEY, caller: "other", group: "other", model: "other", provider: "other" };
    for (const period of [
      { grain: "hour", start: hoursAgo(0) },
      { grain: "day", start: dayOf(hoursAgo(0)) },
    ] as const) {
      expect(await callsOf(ledger, period)).toEqual({
        [keyOf("a")]: 2,
        [keyOf("b")]: 1,
        [encodeKey(other)]: 2,
      });
    }
  });

  it("deletes the oldest hours where there is no room, and then adds to other", async () => {
    const { ledger } = await openLedger({ maxRows: 6 });
    await ledger.apply({
      session: "s",
      number: 1,
      rows: [
        row(hoursAgo(50), keyOf("a")),
        row(hoursAgo(49), keyOf("a")),
        row(hoursAgo(0), keyOf("a")),
      ],
    });
    const oldDay = { grain: "day", start: dayOf(hoursAgo(49)) } as const;
    const oldCalls = (await callsOf(ledger, oldDay))[keyOf("a")];
    await ledger.apply({ session: "s", number: 2, rows: [row(hoursAgo(0), keyOf("b"))] });
    expect((await ledger.state()).hoursFrom).toBeGreaterThanOrEqual(hoursAgo(49));
    expect(await callsOf(ledger, oldDay)).toEqual({ [keyOf("a")]: oldCalls });
    const names = ["c", "d", "e", "f"];
    const rows = names.map((name) => row(hoursAgo(0), keyOf(name), { calls: 2 }));
    await ledger.apply({ session: "s", number: 3, rows });
    const today = await callsOf(ledger, { grain: "day", start: dayOf(hoursAgo(0)) });
    const other = { ...KEY, caller: "other", group: "other", model: "other", provider: "other" };
    expect(today[encodeKey(other)]).toBeGreaterThan(0);
    expect(Object.values(today).reduce((sum, calls) => sum + calls, 0)).toBe(10);
    expect((await ledger.state()).rows).toBeLessThanOrEqual(8);
  });
});
