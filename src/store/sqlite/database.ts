import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { OTHER, type StoreCause, type StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { type OpenFailure, StoreOpenError } from "./open-error.ts";

/** "STER": the file is a log of streams, and nobody else's database. */
const APPLICATION = 0x53544552;
const VERSION = 2;
/** Size of the write-ahead log between checkpoints, in pages of 4 KiB. */
const CHECKPOINT_PAGES = 4_000;
/** Holds the pages that a transaction of a thousand streams changes; a smaller one writes them twice. */
const CACHE_KIB = 32 * 1_024;

/** `number` keeps the keys of events and requests short. At most one stream is bound to a key. */
const SCHEMA = `
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
PRAGMA application_id = ${APPLICATION};
PRAGMA user_version = ${VERSION};
`;

/** From version 1, whose releases did not count planned hand-overs. */
const FROM_VERSION_1 = `
ALTER TABLE stream ADD COLUMN handOvers INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = ${VERSION};
`;

/** Primary result codes of SQLite. */
const BUSY = 5;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
/** The file was moved away: of the extended codes the only one that says more. */
const MOVED = 1_032;

const CAUSES: Readonly<Record<number, StoreCause>> = {
  [READ_ONLY]: "read-only",
  [IO_ERROR]: "io",
  [CORRUPT]: "file-gone",
  [FULL]: "full",
  [CANNOT_OPEN]: "file-gone",
  [NOT_A_DATABASE]: "file-gone",
};

function extendedCodeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code : undefined;
}

function codeOf(error: unknown): number | undefined {
  const code = extendedCodeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

/** What an error of an open file says of the store. */
export function troubleOf(error: unknown): StoreTrouble {
  if (error instanceof StoreUnavailable) return error.trouble;
  const code = extendedCodeOf(error);
  if (code === undefined) return OTHER;
  const cause = code === MOVED ? "file-gone" : CAUSES[code & 0xff];
  return { cause: cause ?? "other", code: `SQLITE_${code}` };
}

/** The number that a pragma or a counting statement answers. */
export function numberOf(row: Record<string, unknown> | undefined): number {
  return Number(Object.values(row ?? {})[0] ?? 0);
}

function refusal(failure: OpenFailure, path: string, detail: string): StoreOpenError {
  return new StoreOpenError(failure, `The stream store ${path} ${detail}`);
}

function refusalOf(error: unknown, path: string): StoreOpenError {
  const message = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case BUSY:
      return refusal("in-use", path, "is in use by another process");
    case CORRUPT:
      return refusal("corrupt", path, `is damaged: ${message}`);
    case NOT_A_DATABASE:
      return refusal("corrupt", path, "is not a SQLite database");
    default:
      return refusal("inaccessible", path, `cannot be opened: ${message}`);
  }
}

/** Prompts are private: a new file is its owner's. One that is there is left as it is. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It exists, or cannot be created: the open that follows tells which.
  }
}

function prepare(db: DatabaseSync, path: string): void {
  // Before the first access: the file is locked from there on, and needs no shared memory.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  const application = numberOf(db.prepare("PRAGMA application_id").get());
  const version = numberOf(db.prepare("PRAGMA user_version").get());
  const isEmpty = numberOf(db.prepare("SELECT count(*) FROM sqlite_schema").get()) === 0;
  if (!isEmpty && application !== APPLICATION) {
    throw refusal("foreign", path, "is the database of another application");
  }
  if (version > VERSION) {
    const detail = `has version ${version}, and this release knows ${VERSION}: use a later one`;
    throw refusal("newer", path, detail);
  }
  const mode = db.prepare("PRAGMA journal_mode = WAL").get();
  if (mode?.["journal_mode"] !== "wal") {
    throw refusal("inaccessible", path, "is on a file system without write-ahead logs");
  }
  db.exec(`PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * 4_096};
    PRAGMA cache_size = ${-CACHE_KIB};
    PRAGMA temp_store = MEMORY`);
  db.exec("BEGIN EXCLUSIVE");
  if (isEmpty) db.exec(SCHEMA);
  else if (version === 1) db.exec(FROM_VERSION_1);
  db.exec("COMMIT");
  // A file without a header could be anybody's.
  if (isEmpty) db.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

/** Opens or creates the file, for this connection alone. */
export function openDatabase(path: string, maxBytes: number | undefined): DatabaseSync {
  createFile(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    prepare(db, path);
    if (maxBytes !== undefined) {
      const pageSize = numberOf(db.prepare("PRAGMA page_size").get());
      db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    }
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof StoreOpenError) throw error;
    throw refusalOf(error, path);
  }
}
