import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { refusal, refusalOf } from "./errors.ts";
import { numberOf } from "./number-of.ts";
import { StoreOpenError } from "./open-error.ts";
import { checkVersions, prepareTables, type Schema } from "./schema.ts";

/** "STER": marks a file as a database of Steer. */
const APPLICATION = 0x53544552;
/** Size of the write-ahead log between checkpoints, in pages of 4 KiB. */
const CHECKPOINT_PAGES = 4_000;
/** Large enough for the pages that a transaction of a thousand streams changes. A smaller cache writes them twice. */
const CACHE_KIB = 32 * 1_024;

/** Prompts are private, so only the owner can read a new file. The mode of an existing file is kept. */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // The file exists or cannot be created. The following open finds out which.
  }
}

function prepare(db: DatabaseSync, path: string, schemas: readonly Schema[]): void {
  // Must precede the first access. The file is locked from then on, and needs no shared memory.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  const application = numberOf(db.prepare("PRAGMA application_id").get());
  const isEmpty = numberOf(db.prepare("SELECT count(*) FROM sqlite_schema").get()) === 0;
  if (!isEmpty && application !== APPLICATION) {
    throw refusal("foreign", path, "is the database of another application");
  }
  checkVersions(db, path, schemas);
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
  if (isEmpty) db.exec(`PRAGMA application_id = ${APPLICATION}`);
  prepareTables(db, schemas, isEmpty);
  db.exec("COMMIT");
  // A file without a header could belong to any program.
  if (isEmpty) db.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

export interface DatabaseOptions {
  readonly path: string;
  /** Most bytes of the file without its write-ahead log; undefined: bounded only by the disk. */
  readonly maxBytes: number | undefined;
  /** Schemas of all tenants, in the order of their first releases. The version of the first one is in the header. */
  readonly schemas: readonly Schema[];
}

/** Opens or creates the file exclusively for this connection. Throws `StoreOpenError`. */
export function openDatabase({ path, maxBytes, schemas }: DatabaseOptions): DatabaseSync {
  createFile(path);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    prepare(db, path, schemas);
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
