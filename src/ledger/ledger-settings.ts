import type { LedgerRetention } from "./ledger-store.ts";

/** The ledger as the configuration wants it. */
export interface LedgerSettings extends LedgerRetention {
  /** Labels that have rows of their own, at most 8. */
  readonly labels: readonly string[];
}
