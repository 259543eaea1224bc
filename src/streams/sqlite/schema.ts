import type { Schema } from "../../store/sqlite/schema.ts";

/** `number` keeps the keys of events and requests short. At most one stream is bound to a key. */
const CREATE = `
CREATE TABLE stream (
  number INTEGER PRIMARY KEY,
  streamId TEXT NOT NULL UNIQUE,
  caller TEXT NOT NULL,
  requestId TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  phase TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  owner TEXT NOT NULL,
  handedOff INTEGER NOT NULL,
  tail INTEGER NOT NULL,
  firstContent INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  cancel TEXT,
  takeovers INTEGER NOT NULL,
  handOvers INTEGER NOT NULL DEFAULT 0,
  isBound INTEGER NOT NULL,
  createdAt INTEGER NOT NULL,
  updatedAt INTEGER NOT NULL,
  endedAt INTEGER,
  deadlineAt INTEGER NOT NULL,
  retentionMs INTEGER NOT NULL,
  expiredAt INTEGER,
  readersSeenAt INTEGER NOT NULL,
  canMove INTEGER NOT NULL,
  provider TEXT NOT NULL,
  details BLOB NOT NULL
);
CREATE TABLE batch (
  stream INTEGER NOT NULL,
  last INTEGER NOT NULL,
  first INTEGER NOT NULL,
  writer INTEGER NOT NULL,
  events BLOB NOT NULL,
  PRIMARY KEY (stream, last)
) WITHOUT ROWID;
CREATE TABLE request (stream INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE UNIQUE INDEX bound ON stream (caller, requestId) WHERE isBound = 1;
CREATE INDEX newest ON stream (createdAt, streamId) WHERE expiredAt IS NULL;
CREATE INDEX running ON stream (createdAt) WHERE phase = 'running';
CREATE INDEX ended ON stream (endedAt, phase, bytes) WHERE endedAt IS NOT NULL AND expiredAt IS NULL;
CREATE INDEX retained ON stream (endedAt + retentionMs) WHERE endedAt IS NOT NULL AND expiredAt IS NULL;
CREATE INDEX tombstone ON stream (expiredAt) WHERE expiredAt IS NOT NULL;
`;

/** Migration from version 1, whose releases did not count planned hand-overs. */
const FROM_VERSION_1 = `
ALTER TABLE stream ADD COLUMN handOvers INTEGER NOT NULL DEFAULT 0;
`;

export const STREAM_SCHEMA: Schema = {
  tenant: "streams",
  create: CREATE,
  upgrades: [FROM_VERSION_1],
};
