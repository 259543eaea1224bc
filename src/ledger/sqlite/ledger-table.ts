import type { DatabaseSync } from "node:sqlite";
import { numberOf } from "../../store/sqlite/number-of.ts";
import type { LedgerTable, SessionRow } from "../ledger-rules.ts";
import { bytesOfSums, sumsOfBytes } from "../sums.ts";

// biome-ignore lint/suspicious/noExplicitAny: a row of this file's own table
function sessionOf(columns: any): SessionRow {
  const { session, number, at, isOpen } = columns;
  return { session, number, at, isOpen: isOpen === 1 };
}

/** What the tables say of when each session wrote. */
function createSessions(
  db: DatabaseSync,
): Pick<LedgerTable, "session" | "sessions" | "setSession" | "deleteSession"> {
  const one = db.prepare("SELECT * FROM ledgerSession WHERE session = ?");
  const all = db.prepare("SELECT * FROM ledgerSession ORDER BY at LIMIT 1000");
  const set = db.prepare(
    "INSERT OR REPLACE INTO ledgerSession (session, number, at, isOpen) VALUES (?, ?, ?, ?)",
  );
  const remove = db.prepare("DELETE FROM ledgerSession WHERE session = ?");
  return {
    session(session) {
      const columns = one.get(session);
      return columns === undefined ? undefined : sessionOf(columns);
    },
    sessions: () => all.all().map(sessionOf),
    setSession: ({ session, number, at, isOpen }) =>
      void set.run(session, number, at, Number(isOpen)),
    deleteSession: (session) => void remove.run(session),
  };
}

/** Rows by period, in the file. Each call is a part of the caller's transaction. */
export function createLedgerTable(db: DatabaseSync): LedgerTable {
  const count = db.prepare("SELECT coalesce(sum(rows), 0) FROM ledgerPeriod");
  const countOf = db.prepare("SELECT rows FROM ledgerPeriod WHERE grain = ? AND start = ?");
  const get = db.prepare("SELECT sums FROM ledgerRow WHERE grain = ? AND start = ? AND key = ?");
  const put = db.prepare(
    "INSERT OR REPLACE INTO ledgerRow (grain, start, key, sums) VALUES (?, ?, ?, ?)",
  );
  const grow = db.prepare(
    `INSERT INTO ledgerPeriod (grain, start, rows) VALUES (?, ?, 1)
     ON CONFLICT (grain, start) DO UPDATE SET rows = rows + 1`,
  );
  const oldest = db.prepare("SELECT min(start) AS start FROM ledgerPeriod WHERE grain = ?");
  const dropRows = db.prepare("DELETE FROM ledgerRow WHERE grain = ? AND start = ?");
  const dropPacked = db.prepare("DELETE FROM ledgerPacked WHERE grain = ? AND start = ?");
  const dropPeriod = db.prepare("DELETE FROM ledgerPeriod WHERE grain = ? AND start = ?");
  const setFrom = db.prepare(
    `INSERT INTO ledgerFrom (grain, start) VALUES (?, ?)
     ON CONFLICT (grain) DO UPDATE SET start = max(start, excluded.start)`,
  );
  const addLost = db.prepare(
    `INSERT INTO ledgerLost (day, batches) VALUES (?, 1)
     ON CONFLICT (day) DO UPDATE SET batches = batches + 1`,
  );
  const deleteLost = db.prepare("DELETE FROM ledgerLost WHERE day < ?");
  return {
    ...createSessions(db),
    rows: (period) =>
      numberOf(period === undefined ? count.get() : countOf.get(period.grain, period.start)),
    get({ grain, start }, key) {
      const row = get.get(grain, start, key);
      return row === undefined ? undefined : sumsOfBytes(row["sums"] as Uint8Array);
    },
    put({ grain, start }, key, sums, isNew) {
      put.run(grain, start, key, bytesOfSums(sums));
      if (isNew) grow.run(grain, start);
    },
    oldest(grain) {
      const start = oldest.get(grain)?.["start"];
      return typeof start === "number" ? { grain, start } : undefined;
    },
    drop({ grain, start }) {
      dropRows.run(grain, start);
      dropPacked.run(grain, start);
      dropPeriod.run(grain, start);
    },
    setFrom: (grain, start) => void setFrom.run(grain, start),
    addLost: (day) => void addLost.run(day),
    deleteLostBefore: (day) => void deleteLost.run(day),
  };
}
