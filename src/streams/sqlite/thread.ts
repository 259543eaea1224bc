import type { ThreadFile, ThreadTenant } from "../../store/sqlite/thread-tenant.ts";
import { createLogCalls } from "./log-calls.ts";
import { createOwnershipCalls } from "./ownership-calls.ts";
import { createRetentionCalls } from "./retention-calls.ts";
import { STREAM_SCHEMA } from "./schema.ts";
import type { StreamCalls, StreamHandlers } from "./stream-calls.ts";
import { createStreamTable } from "./stream-table.ts";
import { createWriteProbe } from "./write-probe.ts";

const WRITES: readonly (keyof StreamCalls)[] = [
  "create",
  "append",
  "touchReaders",
  "requestCancel",
  "claim",
  "handOff",
  "reap",
  "cleanup",
  "discard",
];

function serve({ db, isTroubled }: ThreadFile): StreamHandlers {
  const table = createStreamTable(db);
  const probe = createWriteProbe(db);
  const log = createLogCalls(db, table);
  return {
    ...log,
    ...createOwnershipCalls(db, table),
    ...createRetentionCalls(db, table),
    check(moment) {
      if (isTroubled()) probe.write();
      else probe.clear();
      log.check(moment);
    },
  };
}

/** The stream log's part in the thread of the file. */
export const tenant: ThreadTenant = { schema: STREAM_SCHEMA, writes: WRITES, serve };
