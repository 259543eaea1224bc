// Why a store cannot be used: a word for operators, and the code that the evidence is.

export type StoreCause =
  | "wrong-password"
  | "refused"
  | "unknown-host"
  | "tls"
  /** The server or the file is of a version that cannot be used. */
  | "version"
  /** The server is a part of a cluster that this store cannot be in. */
  | "cluster"
  /** The Sentinels name no server. */
  | "sentinel"
  /** The server takes no functions, or not these. */
  | "script"
  /** No room: the store's bound, the server's memory or the disk is used up. */
  | "full"
  /** It answers, and writes nothing. */
  | "read-only"
  /** The disk fails. */
  | "io"
  /** The file was deleted, replaced, overwritten or damaged while it was open. */
  | "file-gone"
  /** No answer. */
  | "timeout"
  /** Most answers come too late for a call that waits. */
  | "late"
  | "other";

export interface StoreTrouble {
  readonly cause: StoreCause;
  /** As the server, the system or SQLite names it; a class or code alone, "" without one. */
  readonly code: string;
}

/** A store in this trouble answers questions, and takes no event. */
const ANSWERING: ReadonlySet<StoreCause> = new Set(["full", "read-only", "io", "file-gone"]);

export function answers({ cause }: StoreTrouble): boolean {
  return ANSWERING.has(cause);
}

export const OTHER: StoreTrouble = { cause: "other", code: "" };
export const SILENT: StoreTrouble = { cause: "timeout", code: "" };
