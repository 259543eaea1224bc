// What the ledger needs of a store.
import type { Period } from "./periods.ts";
import type { StoredSums, VisitRow } from "./sums.ts";

/** Sums to add to a row of an hour, and to the same row of its day. */
export interface BatchRow {
  /** Beginning of the hour, in milliseconds since the epoch. */
  readonly hour: number;
  /** By `encodeKey`. */
  readonly key: string;
  readonly sums: StoredSums;
}

export interface LedgerBatch {
  readonly session: string;
  /** From 1, rising; a batch is repeated with its number until the store has answered. */
  readonly number: number;
  readonly rows: readonly BatchRow[];
}

/** How long sums are kept, in milliseconds. */
export interface LedgerRetention {
  readonly hoursMs: number;
  readonly daysMs: number;
}

export interface LedgerState {
  /** Hours before are not kept, in milliseconds since the epoch; 0: none was deleted. */
  readonly hoursFrom: number;
  readonly daysFrom: number;
  /** Rows of all hours and days. */
  readonly rows: number;
  /** Batches that were lost with their replica, by the beginning of the day. */
  readonly lost: ReadonlyMap<number, number>;
}

/** Most rows of a store. The oldest hours are deleted first, since their days have their sums. */
const MAX_ROWS = 200_000;

/** Most rows of one hour or day, which one step reads. */
const MAX_PERIOD_ROWS = 20_000;

/** An hour this far from the store's time is a jump of a clock: its sums go to the store's own hour. */
export const MAX_HOURS_BACK = 7 * 24;
export const MAX_HOURS_AHEAD = 1;

export interface LedgerBounds {
  readonly maxRows: number;
  readonly maxPeriodRows: number;
  /** A period that has ended this many hours ago is packed (packed-period.ts): batches add to later ones. */
  readonly packAfterHours: number;
}

export const BOUNDS: LedgerBounds = {
  maxRows: MAX_ROWS,
  maxPeriodRows: MAX_PERIOD_ROWS,
  packAfterHours: MAX_HOURS_BACK,
};

/** What bounds a batch. */
export type RowBounds = Omit<LedgerBounds, "packAfterHours">;

/** A session's last number is remembered for so long after its last batch. */
export const SESSION_MS = 8 * 24 * 3_600_000;

/**
 * Sums by hour and by day. Each method is one atomic step and may be repeated. Rejects with
 * `StoreUnavailable` alone.
 */
export interface LedgerStore {
  /** Adds a batch once, whatever is repeated. When there is no room, new rows are added to `other`. */
  apply(batch: LedgerBatch): Promise<"applied" | "repeated">;
  /** A session that has written everything. One that dies without this has lost a batch. */
  closeSession(session: string): Promise<void>;
  /** Calls `visit` with each row of a period, in no order. A key can come twice: both rows count. */
  read(period: Period, visit: VisitRow): Promise<void>;
  state(): Promise<LedgerState>;
  /**
   * Deletes what is past its time, counts the sessions that died, and packs periods that have ended long ago. A part
   * of a long work.
   */
  tidy(retention: LedgerRetention): Promise<void>;
}
