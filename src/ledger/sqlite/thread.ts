import { numberOf } from "../../store/sqlite/number-of.ts";
import type { Handlers, ThreadFile, ThreadTenant } from "../../store/sqlite/thread-tenant.ts";
import { applyBatch, closeLedgerSession, tidyLedger } from "../ledger-rules.ts";
import { packRows } from "../packed-rows.ts";
import type { LedgerCalls } from "./ledger-calls.ts";
import { createLedgerTable, createRowReader } from "./ledger-table.ts";
import { LEDGER_SCHEMA } from "./schema.ts";

const WRITES: readonly (keyof LedgerCalls)[] = ["apply", "closeSession", "tidy"];

function serve({ db }: ThreadFile): Handlers<LedgerCalls> {
  const table = createLedgerTable(db);
  const rowsOf = createRowReader(db);
  const from = db.prepare("SELECT start FROM ledgerFrom WHERE grain = ?");
  const lost = db.prepare("SELECT day, batches FROM ledgerLost ORDER BY day");
  return {
    apply: ({ now }, batch, maxRows) => applyBatch(table, batch, maxRows, now),
    closeSession: (_, session) => closeLedgerSession(table, session),
    read: (_, period) => packRows(rowsOf(period)),
    state: () => ({
      hoursFrom: numberOf(from.get("hour")),
      daysFrom: numberOf(from.get("day")),
      rows: table.rows(),
      lost: new Map(lost.all().map((row) => [Number(row["day"]), Number(row["batches"])])),
    }),
    tidy: ({ now, sessions }, retention) =>
      tidyLedger(table, retention, (session) => sessions.includes(session), now),
  };
}

/** The ledger's part in the thread of the file. */
export const tenant: ThreadTenant = { schema: LEDGER_SCHEMA, writes: WRITES, serve };
