import type { Schema } from "../../store/sqlite/schema.ts";

/** `callerFeed` has one row at most. A record without a value is a tombstone. */
const CREATE = `
CREATE TABLE callerFeed (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  feed TEXT NOT NULL,
  version INTEGER NOT NULL,
  forgotten INTEGER NOT NULL
);
CREATE TABLE callerRecord (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  value TEXT,
  deletedAt INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX callerVersion ON callerRecord (version);
CREATE INDEX callerTombstone ON callerRecord (deletedAt, name) WHERE deletedAt IS NOT NULL;
CREATE TABLE keyUse (prefix TEXT PRIMARY KEY, usedAt INTEGER NOT NULL) WITHOUT ROWID;
`;

export const CALLER_SCHEMA: Schema = { tenant: "callers", create: CREATE, upgrades: [] };
