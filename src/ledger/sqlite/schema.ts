import type { Schema } from "../../store/sqlite/schema.ts";

const PACKED = `
CREATE TABLE ledgerPacked (
  grain TEXT NOT NULL,
  start INTEGER NOT NULL,
  rows BLOB NOT NULL,
  PRIMARY KEY (grain, start)
);
`;

const CREATE = `
CREATE TABLE ledgerRow (
  grain TEXT NOT NULL,
  start INTEGER NOT NULL,
  key TEXT NOT NULL,
  sums BLOB NOT NULL,
  PRIMARY KEY (grain, start, key)
) WITHOUT ROWID;
CREATE TABLE ledgerPeriod (
  grain TEXT NOT NULL,
  start INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (grain, start)
) WITHOUT ROWID;
CREATE TABLE ledgerFrom (grain TEXT PRIMARY KEY, start INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledgerSession (
  session TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  isOpen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE ledgerLost (day INTEGER PRIMARY KEY, batches INTEGER NOT NULL);
${PACKED}`;

/** Version 1 packed no periods. */
export const LEDGER_SCHEMA: Schema = { tenant: "ledger", create: CREATE, upgrades: [PACKED] };
