// What the stores of one process do with batches and with time; `redis/ledger.lua` has the same rules.
import {
  type LedgerBatch,
  type LedgerRetention,
  MAX_HOURS_AHEAD,
  MAX_HOURS_BACK,
  type RowBounds,
  SESSION_MS,
} from "./ledger-store.ts";
import { DAY_MS, dayOf, endOf, HOUR_MS, hourOf, type Period } from "./periods.ts";
import { decodeKey, encodeKey, otherKey } from "./row-key.ts";
import { mergeStored, type StoredSums } from "./sums.ts";

export interface SessionRow {
  readonly session: string;
  readonly number: number;
  /** Time of the last batch. */
  readonly at: number;
  /** It has not said that it has written everything. */
  readonly isOpen: boolean;
}

/** The rows and what is known of them, as a store of one process holds them. */
export interface LedgerTable {
  /** All rows, and those of one period. */
  rows(period?: Period): number;
  get(period: Period, key: string): StoredSums | undefined;
  put(period: Period, key: string, sums: StoredSums, isNew: boolean): void;
  oldest(grain: Period["grain"]): Period | undefined;
  drop(period: Period): void;
  session(session: string): SessionRow | undefined;
  sessions(): readonly SessionRow[];
  setSession(row: SessionRow): void;
  deleteSession(session: string): void;
  /** Sums of this grain are kept from here on. */
  setFrom(grain: Period["grain"], start: number): void;
  addLost(day: number): void;
  deleteLostBefore(day: number): void;
}

/** Periods that one step deletes. */
const DROPPED = 50;

function boundHour(hour: number, now: number): number {
  const own = hourOf(now);
  const isNear = hour >= own - MAX_HOURS_BACK * HOUR_MS && hour <= own + MAX_HOURS_AHEAD * HOUR_MS;
  return isNear ? hour : own;
}

function dropOldest(table: LedgerTable, grain: Period["grain"], before: number): boolean {
  const oldest = table.oldest(grain);
  if (oldest === undefined || oldest.start >= before) return false;
  table.drop(oldest);
  table.setFrom(grain, endOf(oldest));
  return true;
}

/** Whether there is room for one more row: the oldest hours go first, then the oldest days. */
function makeRoom(table: LedgerTable, maxRows: number, now: number): boolean {
  while (table.rows() >= maxRows) {
    const isDropped =
      dropOldest(table, "hour", hourOf(now)) || dropOldest(table, "day", dayOf(now));
    if (!isDropped) return false;
  }
  return true;
}

export function applyBatch(
  table: LedgerTable,
  { session, number, rows }: LedgerBatch,
  { maxRows, maxPeriodRows }: RowBounds,
  now: number,
): "applied" | "repeated" {
  if (number <= (table.session(session)?.number ?? 0)) return "repeated";
  table.setSession({ session, number, at: now, isOpen: true });

  function add(period: Period, key: string, sums: StoredSums): void {
    const before = table.get(period, key);
    const sum = before === undefined ? sums : mergeStored(before, sums);
    table.put(period, key, sum, before === undefined);
  }

  for (const { hour, key, sums } of rows) {
    const start = boundHour(hour, now);
    for (const period of [
      { grain: "hour", start },
      { grain: "day", start: dayOf(start) },
    ] as const) {
      const hasRoom =
        table.get(period, key) !== undefined ||
        (table.rows(period) < maxPeriodRows && makeRoom(table, maxRows, now));
      add(period, hasRoom ? key : encodeKey(otherKey(decodeKey(key))), sums);
    }
  }
  return "applied";
}

export function closeLedgerSession(table: LedgerTable, session: string): void {
  const row = table.session(session);
  if (row !== undefined) table.setSession({ ...row, isOpen: false });
}

export function tidyLedger(
  table: LedgerTable,
  { hoursMs, daysMs }: LedgerRetention,
  isAlive: (session: string) => boolean,
  now: number,
): void {
  for (const [grain, ms, keptMs] of [
    ["hour", HOUR_MS, hoursMs],
    ["day", DAY_MS, daysMs],
  ] as const) {
    for (let left = DROPPED; left > 0; left--) {
      if (!dropOldest(table, grain, now - keptMs - ms)) break;
    }
  }
  for (const row of table.sessions()) {
    if (row.isOpen && !isAlive(row.session)) {
      table.addLost(dayOf(row.at));
      table.setSession({ ...row, isOpen: false });
    } else if (!row.isOpen && now - row.at > SESSION_MS) {
      table.deleteSession(row.session);
    }
  }
  table.deleteLostBefore(dayOf(now - daysMs));
}
