import type { SqliteEngine } from "../../store/sqlite/engine.ts";
import { type LedgerStore, MAX_ROWS } from "../ledger-store.ts";
import { visitRows } from "../packed-rows.ts";
import type { LedgerCalls } from "./ledger-calls.ts";

/** The ledger in a SQLite file; `thread.ts` is the other half. */
export function createSqliteLedgerStore(engine: SqliteEngine, maxRows = MAX_ROWS): LedgerStore {
  const link = engine.tenant<LedgerCalls>(new URL("./thread.ts", import.meta.url));
  return {
    apply: (batch) => link.call("apply", batch, maxRows),
    closeSession: (session) => link.call("closeSession", session),
    async read(period, visit) {
      visitRows(await link.call("read", period), visit);
    },
    state: () => link.call("state"),
    tidy: (retention) => link.call("tidy", retention),
  };
}
