import type { MemoryEngine } from "../../store/memory/engine.ts";
import {
  applyBatch,
  closeLedgerSession,
  type LedgerTable,
  type SessionRow,
  tidyLedger,
} from "../ledger-rules.ts";
import { BOUNDS, type LedgerStore, type RowBounds } from "../ledger-store.ts";
import type { Period } from "../periods.ts";
import type { StoredSums } from "../sums.ts";

type Rows = Map<string, StoredSums>;

/** Rows by period, in memory. */
function createTable() {
  const periods: Record<Period["grain"], Map<number, Rows>> = { hour: new Map(), day: new Map() };
  const from = { hour: 0, day: 0 };
  const sessions = new Map<string, SessionRow>();
  const lost = new Map<number, number>();
  let count = 0;

  function rowsOf({ grain, start }: Period): Rows | undefined {
    return periods[grain].get(start);
  }

  const table: LedgerTable = {
    rows: (period) => (period === undefined ? count : (rowsOf(period)?.size ?? 0)),
    get: (period, key) => rowsOf(period)?.get(key),
    put(period, key, sums, isNew) {
      const rows = rowsOf(period) ?? new Map();
      periods[period.grain].set(period.start, rows.set(key, sums));
      if (isNew) count++;
    },
    oldest(grain) {
      // Hours of other replicas' clocks can come out of order.
      const start = Math.min(...periods[grain].keys());
      return Number.isFinite(start) ? { grain, start } : undefined;
    },
    drop(period) {
      count -= rowsOf(period)?.size ?? 0;
      periods[period.grain].delete(period.start);
    },
    session: (session) => sessions.get(session),
    sessions: () => [...sessions.values()],
    setSession: (row) => void sessions.set(row.session, row),
    deleteSession: (session) => void sessions.delete(session),
    setFrom(grain, start) {
      from[grain] = Math.max(from[grain], start);
    },
    addLost: (day) => void lost.set(day, (lost.get(day) ?? 0) + 1),
    deleteLostBefore(before) {
      for (const day of lost.keys()) if (day < before) lost.delete(day);
    },
  };
  return { table, rowsOf, from, lost };
}

/** The ledger of one process, which ends with it. */
export function createMemoryLedgerStore(
  engine: MemoryEngine,
  bounds: RowBounds = BOUNDS,
): LedgerStore {
  const { table, rowsOf, from, lost } = createTable();
  const { time, sessions } = engine;
  return {
    async apply(batch) {
      return applyBatch(table, batch, bounds, time());
    },
    async closeSession(session) {
      closeLedgerSession(table, session);
    },
    async read(period, visit) {
      for (const [key, sums] of rowsOf(period) ?? []) visit(key, sums, 0, sums.length);
    },
    async state() {
      return {
        hoursFrom: from.hour,
        daysFrom: from.day,
        rows: table.rows(),
        lost: new Map(lost),
      };
    },
    async tidy(retention) {
      tidyLedger(table, retention, (session) => sessions.living.has(session), time());
    },
  };
}
