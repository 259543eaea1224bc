import type { LedgerBatch, LedgerRetention, LedgerState, RowBounds } from "../ledger-store.ts";
import type { Period } from "../periods.ts";

/** The ledger's calls of the thread. */
export interface LedgerCalls {
  apply(batch: LedgerBatch, bounds: RowBounds): "applied" | "repeated";
  closeSession(session: string): void;
  /** By `packPeriod`. */
  read(period: Period): readonly Uint8Array[];
  state(): LedgerState;
  tidy(retention: LedgerRetention, packAfterHours: number): void;
}
