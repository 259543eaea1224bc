import { numberOf } from "../../store/sqlite/number-of.ts";
import type { Handlers, ThreadFile, ThreadTenant } from "../../store/sqlite/thread-tenant.ts";
import { applyBatch, closeLedgerSession, tidyLedger } from "../ledger-rules.ts";
import { HOUR_MS, hourOf } from "../periods.ts";
import type { LedgerCalls } from "./ledger-calls.ts";
import { createLedgerTable } from "./ledger-table.ts";
import { createPackedPeriods } from "./packed-periods.ts";
import { LEDGER_SCHEMA } from "./schema.ts";

const WRITES: readonly (keyof LedgerCalls)[] = ["apply", "closeSession", "tidy"];

function serve({ db }: ThreadFile): Handlers<LedgerCalls> {
  const table = createLedgerTable(db);
  const packed = createPackedPeriods(db);
  const from = db.prepare("SELECT start FROM ledgerFrom WHERE grain = ?");
  const lost = db.prepare("SELECT day, batches FROM ledgerLost ORDER BY day");
  return {
    apply: ({ now }, batch, bounds) => applyBatch(table, batch, bounds, now),
    closeSession: (_, session) => closeLedgerSession(table, session),
    read: (_, period) => packed.read(period),
    state: () => ({
      hoursFrom: numberOf(from.get("hour")),
      daysFrom: numberOf(from.get("day")),
      rows: table.rows(),
      lost: new Map(lost.all().map((row) => [Number(row["day"]), Number(row["batches"])])),
    }),
    tidy({ now, sessions }, retention, packAfterHours) {
      tidyLedger(table, retention, (session) => sessions.includes(session), now);
      packed.pack(hourOf(now) - packAfterHours * HOUR_MS);
    },
  };
}

/** The ledger's part in the thread of the file. */
export const tenant: ThreadTenant = { schema: LEDGER_SCHEMA, writes: WRITES, serve };
