import type { DatabaseSync } from "node:sqlite";
import { numberOf } from "../../store/sqlite/number-of.ts";
import type { LimitTables, Reservation, Taken } from "../limit-tables.ts";
import type { WindowState } from "../window-counter.ts";

/** Counters that one sweep deletes at most. */
const SWEPT = 1_000;

/** The counters of limits in the tables of a file. */
export function createSqliteTables(db: DatabaseSync): LimitTables {
  const window = db.prepare("SELECT state FROM limit_window WHERE key = ?");
  const putWindow = db.prepare(
    "INSERT OR REPLACE INTO limit_window (key, state, expires_at) VALUES (?, ?, ?)",
  );
  const spent = db.prepare("SELECT picos FROM limit_spent WHERE key = ?");
  const putSpent = db.prepare(
    "INSERT OR REPLACE INTO limit_spent (key, picos, expires_at) VALUES (?, ?, ?)",
  );
  const leases = db.prepare("SELECT count(*) FROM limit_lease WHERE key = ?");
  const addLease = db.prepare("INSERT OR IGNORE INTO limit_lease (key, generation) VALUES (?, ?)");
  const removeLease = db.prepare("DELETE FROM limit_lease WHERE key = ? AND generation = ?");
  const reservation = db.prepare("SELECT * FROM limit_reservation WHERE generation = ?");
  const putReservation = db.prepare(
    `INSERT OR REPLACE INTO limit_reservation (generation, session, can_move, expires_at, taken)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const removeReservation = db.prepare("DELETE FROM limit_reservation WHERE generation = ?");
  const expired = db.prepare(
    "SELECT generation AS name FROM limit_reservation WHERE expires_at <= ? LIMIT ?",
  );
  const sessions = db.prepare("SELECT DISTINCT session AS name FROM limit_reservation");
  const ofSession = db.prepare(
    "SELECT generation AS name FROM limit_reservation WHERE session = ? LIMIT ?",
  );
  const sweeps = ["limit_window", "limit_spent"].map((table) =>
    db.prepare(
      `DELETE FROM ${table} WHERE key IN
       (SELECT key FROM ${table} WHERE expires_at > 0 AND expires_at <= ? LIMIT ${SWEPT})`,
    ),
  );
  const namesOf = (rows: readonly Readonly<Record<string, unknown>>[]): string[] =>
    rows.map((row) => String(row["name"]));

  return {
    window(key) {
      const row = window.get(key);
      return row === undefined ? [] : (JSON.parse(String(row["state"])) as WindowState);
    },
    putWindow: (key, state, expiresAt) => void putWindow.run(key, JSON.stringify(state), expiresAt),
    spent: (key) => numberOf(spent.get(key)),
    putSpent: (key, picos, expiresAt) => void putSpent.run(key, picos, expiresAt),
    leases: (key) => numberOf(leases.get(key)),
    addLease: (key, generationId) => void addLease.run(key, generationId),
    removeLease: (key, generationId) => void removeLease.run(key, generationId),
    reservation(generationId): Reservation | undefined {
      const row = reservation.get(generationId);
      if (row === undefined) return undefined;
      return {
        session: String(row["session"]),
        canMove: row["can_move"] === 1,
        expiresAt: Number(row["expires_at"]),
        taken: JSON.parse(String(row["taken"])) as Taken[],
      };
    },
    putReservation(generationId, { session, canMove, expiresAt, taken }) {
      const json = JSON.stringify(taken);
      putReservation.run(generationId, session, canMove ? 1 : 0, Math.ceil(expiresAt), json);
    },
    removeReservation: (generationId) => void removeReservation.run(generationId),
    expired: (now, limit) => namesOf(expired.all(now, limit)),
    sessions: () => namesOf(sessions.all()),
    ofSession: (session, limit) => namesOf(ofSession.all(session, limit)),
    sweep(now) {
      for (const sweep of sweeps) sweep.run(now);
    },
  };
}
