import type { LedgerBatch, LedgerRetention } from "../ledger-store.ts";
import type { Period } from "../periods.ts";

/** State as it passes between the engine and its thread. */
export interface StateAnswer {
  readonly hoursFrom: number;
  readonly daysFrom: number;
  readonly rows: number;
  readonly lost: readonly (readonly [day: number, batches: number])[];
}

/** The ledger's calls of the thread. */
export interface LedgerCalls {
  apply(batch: LedgerBatch, maxRows: number): "applied" | "repeated";
  closeSession(session: string): void;
  /** By `packRows`. */
  read(period: Period): Uint8Array;
  state(): StateAnswer;
  tidy(retention: LedgerRetention): void;
}
