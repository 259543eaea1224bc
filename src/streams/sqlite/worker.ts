// The thread of the store: it alone touches the file.
import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { isFull, openDatabase } from "./database.ts";
import { createLogCalls } from "./log-calls.ts";
import type {
  Answer,
  Call,
  CallGroup,
  Handlers,
  Moment,
  Opening,
  WorkerOptions,
} from "./messages.ts";
import { StoreOpenError } from "./open-error.ts";
import { createOwnershipCalls } from "./ownership-calls.ts";
import { createRetentionCalls } from "./retention-calls.ts";
import { createStreamTable } from "./stream-table.ts";

/** A silence after which the write-ahead log is brought into the file. */
const IDLE_MS = 1_000;

function serve(db: DatabaseSync): (moment: Moment, calls: readonly Call[]) => Answer[] {
  const table = createStreamTable(db);
  const handlers: Handlers = {
    ...createLogCalls(db, table),
    ...createOwnershipCalls(db, table),
    ...createRetentionCalls(db, table),
  };
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");

  function apply(moment: Moment, { method, args }: Call): Answer {
    const handler = handlers[method] as (moment: Moment, ...args: readonly unknown[]) => unknown;
    return { value: handler(moment, ...args) };
  }

  function refused({ method }: Call, error: unknown, isApplied: "no" | "unknown"): Answer {
    if (isFull(error) && (method === "create" || method === "append")) {
      return { value: { state: "full" } };
    }
    return { failure: error instanceof Error ? error.message : String(error), isApplied };
  }

  /** One call in a transaction of its own. */
  function alone(moment: Moment, call: Call): Answer {
    let isApplied: "no" | "unknown" = "no";
    try {
      begin.run();
      const answer = apply(moment, call);
      isApplied = "unknown";
      commit.run();
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      return refused(call, error, isApplied);
    }
  }

  return (moment, calls) => {
    try {
      begin.run();
      const answers = calls.map((call) => apply(moment, call));
      commit.run();
      return answers;
    } catch {
      // Nothing of it is stored: one by one, so that a call that fails takes no other along.
      if (db.isTransaction) db.exec("ROLLBACK");
      return calls.map((call) => alone(moment, call));
    }
  };
}

/** Brings the write-ahead log into the file when nobody waits for it. */
function createIdleCheckpoint(db: DatabaseSync) {
  const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  let cancel: (() => void) | undefined;
  let isBusy = false;
  function arm(): void {
    isBusy = false;
    cancel = systemClock.schedule(IDLE_MS, () => {
      cancel = undefined;
      if (isBusy) arm();
      else checkpoint.all();
    });
  }
  return {
    noteWork(): void {
      isBusy = true;
      if (cancel === undefined) arm();
    },
    stop: () => cancel?.(),
  };
}

function start(port: NonNullable<typeof parentPort>, { path, maxBytes }: WorkerOptions): void {
  const db = openDatabase(path, maxBytes);
  const run = serve(db);
  const idleCheckpoint = createIdleCheckpoint(db);
  port.on("message", ({ moment, calls, isLast }: CallGroup) => {
    if (calls.length > 0) port.postMessage(run(moment, calls));
    idleCheckpoint.noteWork();
    if (isLast) {
      idleCheckpoint.stop();
      db.close();
      port.close();
    }
  });
  port.postMessage({ state: "open" } satisfies Opening);
}

if (parentPort !== null) {
  try {
    start(parentPort, workerData);
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    const { failure, message } = error;
    parentPort.postMessage({ state: "failed", failure, message } satisfies Opening);
  }
}
