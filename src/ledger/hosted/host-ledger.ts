import type { HostedService, ServiceShape } from "../../store/hosted/hosted-service.ts";
import type { LedgerStore } from "../ledger-store.ts";
import type { Period } from "../periods.ts";

/** Rows of a period: `numbers` has those of all rows, one after another, and `ends` where each row ends. */
export interface PeriodRows {
  readonly keys: readonly string[];
  readonly ends: readonly number[];
  readonly numbers: Float64Array;
}

export interface LedgerCalls extends Omit<LedgerStore, "read"> {
  read(period: Period): Promise<PeriodRows>;
}

export const LEDGER: ServiceShape = { name: "ledger" };

async function rowsOf(store: LedgerStore, period: Period): Promise<PeriodRows> {
  const keys: string[] = [];
  const ends: number[] = [];
  const parts: Float64Array[] = [];
  let size = 0;
  await store.read(period, (key, numbers, first, end) => {
    size += end - first;
    keys.push(key);
    ends.push(size);
    parts.push(numbers.slice(first, end));
  });
  const numbers = new Float64Array(size);
  for (const [index, part] of parts.entries()) {
    numbers.set(part, (ends[index] as number) - part.length);
  }
  return { keys, ends, numbers };
}

/** The ledger for clients of this host. */
export function hostLedger(store: LedgerStore): HostedService<LedgerCalls> {
  const calls: LedgerCalls = {
    apply: (batch) => store.apply(batch),
    closeSession: (session) => store.closeSession(session),
    read: (period) => rowsOf(store, period),
    state: () => store.state(),
    tidy: (retention) => store.tidy(retention),
  };
  return { shape: LEDGER, serve: () => ({ calls }) };
}
