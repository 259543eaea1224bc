// The thread of the store: it alone touches the file.
import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { createLogCalls } from "../../streams/sqlite/log-calls.ts";
import { createOwnershipCalls } from "../../streams/sqlite/ownership-calls.ts";
import { createRetentionCalls } from "../../streams/sqlite/retention-calls.ts";
import type {
  Answer,
  Call,
  CallGroup,
  Handlers,
  Moment,
  Opening,
  WorkerOptions,
} from "../../streams/sqlite/stream-calls.ts";
import { createStreamTable } from "../../streams/sqlite/stream-table.ts";
import { createWriteProbe } from "../../streams/sqlite/write-probe.ts";
import { openDatabase, troubleOf } from "./database.ts";
import { guardFile } from "./file-guard.ts";
import { StoreOpenError } from "./open-error.ts";

/** A silence after which the write-ahead log is brought into the file. */
const IDLE_MS = 1_000;

/** Calls that change the file, beside their answer. */
const WRITES: ReadonlySet<Call["method"]> = new Set([
  "create",
  "append",
  "touchReaders",
  "requestCancel",
  "claim",
  "handOff",
  "reap",
  "cleanup",
  "discard",
]);

/** `verify` throws where the file is gone. */
function serve(
  db: DatabaseSync,
  verify: () => void,
): (moment: Moment, calls: readonly Call[]) => Answer[] {
  const table = createStreamTable(db);
  const handlers: Handlers = {
    ...createLogCalls(db, table),
    ...createOwnershipCalls(db, table),
    ...createRetentionCalls(db, table),
  };
  const started = db.prepare("BEGIN IMMEDIATE");
  const finished = db.prepare("COMMIT");
  const probe = createWriteProbe(db);
  /** The last write has failed: whether the next one would is seen by a try. */
  let isTroubled = false;
  /** As the last check has found it. */
  let isGone = false;

  /** A check is in the transaction that is open. */
  let isChecked = false;

  function check(): void {
    isGone = true;
    verify();
    isGone = false;
    if (isTroubled) probe.write();
    else probe.clear();
    isChecked = true;
  }

  function begin(): void {
    isChecked = false;
    started.run();
  }

  function commit(): void {
    finished.run();
    if (isChecked) isTroubled = false;
  }

  function apply(moment: Moment, { method, args }: Call): Answer {
    if (method === "check") check();
    // What a file that is gone takes would be lost with it.
    else if (isGone && WRITES.has(method)) verify();
    const handler = handlers[method] as (moment: Moment, ...args: readonly unknown[]) => unknown;
    return { value: handler(moment, ...args) };
  }

  function refused({ method }: Call, error: unknown, isApplied: "no" | "unknown"): Answer {
    if (WRITES.has(method) || method === "check") isTroubled = true;
    const failure = error instanceof Error ? error.message : String(error);
    return { failure, isApplied, trouble: troubleOf(error) };
  }

  /** One call in a transaction of its own. */
  function alone(moment: Moment, call: Call): Answer {
    let isApplied: "no" | "unknown" = "no";
    try {
      begin();
      const answer = apply(moment, call);
      isApplied = "unknown";
      commit();
      return answer;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      return refused(call, error, isApplied);
    }
  }

  return (moment, calls) => {
    try {
      begin();
      const answers = calls.map((call) => apply(moment, call));
      commit();
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
  function run(): void {
    try {
      checkpoint.all();
    } catch {
      // The log stays as it is: the next write says what is wrong.
    }
  }
  function arm(): void {
    isBusy = false;
    cancel = systemClock.schedule(IDLE_MS, () => {
      cancel = undefined;
      if (isBusy) arm();
      else run();
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
  const guard = guardFile(path);
  const run = serve(db, guard.verify);
  const idleCheckpoint = createIdleCheckpoint(db);
  port.on("message", ({ moment, calls, isLast }: CallGroup) => {
    if (calls.length > 0) port.postMessage(run(moment, calls));
    idleCheckpoint.noteWork();
    if (isLast) {
      idleCheckpoint.stop();
      db.close();
      guard.close();
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
