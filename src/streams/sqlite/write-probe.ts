import type { DatabaseSync } from "node:sqlite";

/** Room that an append may take. */
const BYTES = 64 * 1024;
/** No stream has this number. */
const NUMBER = -1;

/** Finds out whether a file that has refused a write takes one again. */
export function createWriteProbe(db: DatabaseSync) {
  const insert = db.prepare(
    "INSERT OR REPLACE INTO request (stream, body) VALUES (?, zeroblob(?))",
  );
  const remove = db.prepare("DELETE FROM request WHERE stream = ?");
  let isWritten = false;
  return {
    /** Writes as much as an append does. */
    write(): void {
      isWritten = true;
      insert.run(NUMBER, BYTES);
    },
    /** Removes what it has written: in the same transaction nothing would reach the disk. */
    clear(): void {
      if (!isWritten) return;
      remove.run(NUMBER);
      isWritten = false;
    },
  };
}
