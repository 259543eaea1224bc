// Checks that the open file is still the one at its path. SQLite continues with a deleted or replaced file, and loses
// all later writes at its end.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StoreUnavailable } from "../store-unavailable.ts";

/** Length of the header up to the application's number, and of the magic string at its start. */
const HEADER_BYTES = 72;
const MAGIC_BYTES = 16;
const APPLICATION_AT = 68;

function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return "";
  }
}

/** Reads the header through the descriptor `file` of the path. */
function headerOf(file: number): string {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } catch {
    return "";
  }
  return header.toString("latin1", 0, MAGIC_BYTES) + header.toString("latin1", APPLICATION_AT);
}

export interface FileGuard {
  /** Throws `StoreUnavailable` if the path has another file than at the beginning, or none. */
  verify(): void;
  /** Called after the database is closed. */
  close(): void;
}

/**
 * Guards the file of an open database. One descriptor stays open as long as the database: if a process closes any
 * descriptor of a file, it loses all its locks on the file, and with them its exclusive access.
 */
export function guardFile(path: string): FileGuard {
  const file = openSync(path, "r");
  const look = (): string => [path, `${path}-wal`].map(identityOf).join() + headerOf(file);
  const opened = look();
  return {
    verify() {
      if (look() === opened) return;
      const message = "the file of the stream store was deleted or replaced";
      throw new StoreUnavailable("not-applied", message, { cause: "file-gone", code: "" });
    },
    close: () => closeSync(file),
  };
}
