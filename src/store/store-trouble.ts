// Why a store cannot be used: a cause for operators, and the code of its evidence.

export type StoreCause =
  | "wrong-password"
  | "refused"
  | "unknown-host"
  | "tls"
  /** The server or the file is of a version that cannot be used. */
  | "version"
  /** The server is part of a cluster that this store cannot use. */
  | "cluster"
  /** The Sentinels name no server. */
  | "sentinel"
  /** The server accepts no functions, or not the required ones. */
  | "script"
  /** No space: the store's bound, the server's memory or the disk is used up. */
  | "full"
  /** The store answers but accepts no writes. */
  | "read-only"
  /** The disk fails. */
  | "io"
  /** The file was deleted, replaced, overwritten or damaged while it was open. */
  | "file-gone"
  /** No answer. */
  | "timeout"
  /** Most answers arrive too late for a waiting call. */
  | "late"
  | "other";

export interface StoreTrouble {
  readonly cause: StoreCause;
  /** Code of the server, the system or SQLite: a class or code only, or "". */
  readonly code: string;
}

/** In these troubles, a store answers reads and accepts no events. */
const ANSWERING: ReadonlySet<StoreCause> = new Set(["full", "read-only", "io", "file-gone"]);

export function answers({ cause }: StoreTrouble): boolean {
  return ANSWERING.has(cause);
}

export const OTHER: StoreTrouble = { cause: "other", code: "" };
export const SILENT: StoreTrouble = { cause: "timeout", code: "" };
