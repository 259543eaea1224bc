import type { Schema } from "../../store/sqlite/schema.ts";

export const LIMIT_SCHEMA: Schema = {
  tenant: "limits",
  create: `
    CREATE TABLE limit_window (
      key TEXT PRIMARY KEY, state TEXT NOT NULL, expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX limit_window_expires ON limit_window (expires_at);
    CREATE TABLE limit_spent (
      key TEXT PRIMARY KEY, picos REAL NOT NULL, expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX limit_spent_expires ON limit_spent (expires_at);
    CREATE TABLE limit_lease (
      key TEXT NOT NULL, generation TEXT NOT NULL, PRIMARY KEY (key, generation)
    ) WITHOUT ROWID;
    CREATE TABLE limit_reservation (
      generation TEXT PRIMARY KEY, session TEXT NOT NULL, can_move INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, taken TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX limit_reservation_session ON limit_reservation (session);
    CREATE INDEX limit_reservation_expires ON limit_reservation (expires_at);
  `,
  upgrades: [],
};
