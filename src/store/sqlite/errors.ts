// The meaning of SQLite errors for the store. No other file reads them.
import { OTHER, type StoreCause, type StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { type OpenFailure, StoreOpenError } from "./open-error.ts";

/** Primary result codes of SQLite. */
const BUSY = 5;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;
/** The file was moved away: the only extended code with additional information. */
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

/** The trouble that an error of an open file indicates. */
export function troubleOf(error: unknown): StoreTrouble {
  if (error instanceof StoreUnavailable) return error.trouble;
  const code = extendedCodeOf(error);
  if (code === undefined) return OTHER;
  const cause = code === MOVED ? "file-gone" : CAUSES[code & 0xff];
  return { cause: cause ?? "other", code: `SQLITE_${code}` };
}

/** The error for a file that cannot be used. `detail` follows its name. */
export function refusal(failure: OpenFailure, path: string, detail: string): StoreOpenError {
  return new StoreOpenError(failure, `The stream store ${path} ${detail}`);
}

/** The error for a file that cannot be used because of an SQLite error. */
export function refusalOf(error: unknown, path: string): StoreOpenError {
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
