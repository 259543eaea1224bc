import type { DatabaseSync } from "node:sqlite";

/** Bytes that an append may need. */
const BYTES = 64 * 1024;
/** No stream has this number. */
const NUMBER = -1;

/** Finds out whether a file that refused a write accepts writes again. */
export function createWriteProbe(db: DatabaseSync) {
  const insert = db.prepare(
    "INSERT OR REPLACE INTO request (stream, body) VALUES (?, zeroblob(?))",
  );
  const remove = db.prepare("DELETE FROM request WHERE stream = ?");
  let isWritten = false;
  return {
    /** Writes as many bytes as an append can. */
    write(): void {
      isWritten = true;
      insert.run(NUMBER, BYTES);
    },
    /** Removes the written bytes in a later transaction: within one transaction nothing would reach the disk. */
    clear(): void {
      if (!isWritten) return;
      remove.run(NUMBER);
      isWritten = false;
    },
  };
}
