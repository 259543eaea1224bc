import type { HostedEngine } from "../../store/hosted/engine.ts";
import type { LedgerStore } from "../ledger-store.ts";
import { LEDGER, type LedgerCalls } from "./host-ledger.ts";

/** The ledger in the engine of another process on this host. */
export function createHostedLedgerStore(engine: HostedEngine): LedgerStore {
  const link = engine.service<LedgerCalls>(LEDGER);
  return {
    apply: (batch) => link.call("apply", batch),
    closeSession: (session) => link.call("closeSession", session),
    async read(period, visit) {
      const { keys, ends, numbers } = await link.call("read", period);
      let first = 0;
      for (const [index, key] of keys.entries()) {
        const end = ends[index] as number;
        visit(key, numbers, first, end);
        first = end;
      }
    },
    state: () => link.call("state"),
    tidy: (retention) => link.call("tidy", retention),
  };
}
