// Whether the file that is open is still the one that its path leads to: SQLite goes on with a file
// that was deleted or replaced, and everything that it takes from there on is lost at its end.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StoreUnavailable } from "../store-unavailable.ts";

/** The part of a SQLite file that names its application, behind the words that name SQLite. */
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

/** Reads the header through `file`, which was opened on the path. */
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
  /** Throws `StoreUnavailable` where the file is another one than at the beginning, or none. */
  verify(): void;
  /** For the time behind the end of the database. */
  close(): void;
}

/**
 * Guards the file of an open database. One descriptor stays open as long as the database: a process that
 * closes any descriptor of a file loses all locks that it has there, and with them its claim to be alone.
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
