import type { SqliteEngine } from "../../store/sqlite/engine.ts";
import { BOUNDS, type LedgerBounds, type LedgerStore } from "../ledger-store.ts";
import { visitPeriod } from "../packed-period.ts";
import type { LedgerCalls } from "./ledger-calls.ts";

/** The ledger in a SQLite file; `thread.ts` is the other half. */
export function createSqliteLedgerStore(
  engine: SqliteEngine,
  { packAfterHours, ...bounds }: LedgerBounds = BOUNDS,
): LedgerStore {
  const link = engine.tenant<LedgerCalls>(new URL("./thread.ts", import.meta.url));
  return {
    apply: (batch) => link.call("apply", batch, bounds),
    closeSession: (session) => link.call("closeSession", session),
    async read(period, visit) {
      for (const part of await link.call("read", period)) visitPeriod(part, visit);
    },
    state: () => link.call("state"),
    tidy: (retention) => link.call("tidy", retention, packAfterHours),
  };
}
