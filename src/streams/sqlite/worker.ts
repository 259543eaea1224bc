// The thread of the store: it alone touches the file.
import type { DatabaseSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
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

type Step = readonly [Moment, Call];

function serve(db: DatabaseSync): (steps: readonly Step[]) => Answer[] {
  const table = createStreamTable(db);
  const handlers: Handlers = {
    ...createLogCalls(db, table),
    ...createOwnershipCalls(db, table),
    ...createRetentionCalls(db, table),
  };
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");

  function apply([moment, { method, args }]: Step): Answer {
    const handler = handlers[method] as (moment: Moment, ...args: readonly unknown[]) => unknown;
    return { value: handler(moment, ...args) };
  }

  function refused([, { method }]: Step, error: unknown, isApplied: "no" | "unknown"): Answer {
    if (isFull(error) && (method === "create" || method === "append")) {
      return { value: { state: "full" } };
    }
    return { failure: error instanceof Error ? error.message : String(error), isApplied };
  }

  /** One call in a transaction of its own. */
  function alone(step: Step): Answer {
    let isApplied: "no" | "unknown" = "no";
    try {
      begin.run();
      const answer = apply(step);
      isApplied = "unknown";
      commit.run();
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      return refused(step, error, isApplied);
    }
  }

  return (steps) => {
    try {
      begin.run();
      const answers = steps.map(apply);
      commit.run();
      return answers;
    } catch {
      // Nothing of it is stored: one by one, so that a call that fails takes no other along.
      if (db.isTransaction) db.exec("ROLLBACK");
      return steps.map(alone);
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
  port.on("message", (group: CallGroup) => {
    const steps: Step[] = [];
    let isLast = false;
    // Everything that has arrived while the last transaction ran is one transaction.
    for (let next: CallGroup | undefined = group; next !== undefined; ) {
      for (const call of next.calls) steps.push([next.moment, call]);
      isLast ||= next.isLast;
      next = receiveMessageOnPort(port)?.message;
    }
    if (steps.length > 0) port.postMessage(run(steps));
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
