import type { Schema } from "../../store/sqlite/schema.ts";

/** Indexes of running streams: in the order of listings, by owner, and those that were handed off. */
const RUNNING_INDEXES = `
CREATE INDEX IF NOT EXISTS running ON stream (createdAt, streamId) WHERE phase = 'running';
CREATE INDEX IF NOT EXISTS owned ON stream (owner) WHERE phase = 'running' AND handedOff = 0;
CREATE INDEX IF NOT EXISTS handedOff ON stream (createdAt) WHERE phase = 'running' AND handedOff = 1;
`;

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
  keepsRequest INTEGER NOT NULL DEFAULT 0,
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
CREATE INDEX ended ON stream (endedAt, phase, bytes) WHERE endedAt IS NOT NULL AND expiredAt IS NULL;
CREATE INDEX retained ON stream (endedAt + retentionMs) WHERE endedAt IS NOT NULL AND expiredAt IS NULL;
CREATE INDEX tombstone ON stream (expiredAt) WHERE expiredAt IS NOT NULL;
${RUNNING_INDEXES}`;

/** Migration from version 1, whose releases did not count planned hand-overs. */
const FROM_VERSION_1 = `
ALTER TABLE stream ADD COLUMN handOvers INTEGER NOT NULL DEFAULT 0;
`;

/** From version 2, whose releases kept no request behind the end of its generation, and looked at all running streams. */
const FROM_VERSION_2 = `
DROP INDEX IF EXISTS running;
ALTER TABLE stream ADD COLUMN keepsRequest INTEGER NOT NULL DEFAULT 0;
${RUNNING_INDEXES}`;

export const STREAM_SCHEMA: Schema = {
  tenant: "streams",
  create: CREATE,
  upgrades: [FROM_VERSION_1, FROM_VERSION_2],
};
