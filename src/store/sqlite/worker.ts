// The thread of the store. Only this thread accesses the file.
import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { openDatabase } from "./database.ts";
import { troubleOf } from "./errors.ts";
import { guardFile } from "./file-guard.ts";
import type { Answer, Call, CallGroup, Moment, Opening, WorkerOptions } from "./messages.ts";
import { StoreOpenError } from "./open-error.ts";
import type { ThreadTenant } from "./thread-tenant.ts";

/** Milliseconds of silence after which the write-ahead log is moved into the file. */
const IDLE_MS = 1_000;

interface Served {
  readonly handlers: ReturnType<ThreadTenant["serve"]>;
  readonly writes: ReadonlySet<string>;
}

/** `verify` throws if the file is gone. */
function serve(
  db: DatabaseSync,
  verify: () => void,
  tenants: readonly ThreadTenant[],
): (moment: Moment, calls: readonly Call[]) => Answer[] {
  const started = db.prepare("BEGIN IMMEDIATE");
  const finished = db.prepare("COMMIT");
  /** A write has failed. Only a successful `check` shows that the file accepts writes again. */
  let isTroubled = false;
  /** Result of the last check of the file. */
  let isGone = false;

  /** Whether the open transaction includes a check. */
  let isChecked = false;

  const served = tenants.map(
    ({ writes, serve: start }): Served => ({
      handlers: start({ db, isTroubled: () => isTroubled }),
      writes: new Set(writes),
    }),
  );

  function check(): void {
    isGone = true;
    verify();
    isGone = false;
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

  function apply(moment: Moment, { tenant, method, args }: Call): Answer {
    const { handlers, writes } = served[tenant] as Served;
    if (method === "check") check();
    // Writes to a file that is gone would be lost.
    else if (isGone && writes.has(method)) verify();
    const handler = handlers[method] as (moment: Moment, ...args: readonly unknown[]) => unknown;
    return { value: handler(moment, ...args) };
  }

  function refused({ tenant, method }: Call, error: unknown, isApplied: "no" | "unknown"): Answer {
    if (method === "check" || served[tenant]?.writes.has(method)) isTroubled = true;
    const failure = error instanceof Error ? error.message : String(error);
    return { failure, isApplied, trouble: troubleOf(error) };
  }

  /** Runs one call in its own transaction. */
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
      // No call of the group is stored. Each is repeated alone, so that a failing call affects no other.
      if (db.isTransaction) db.exec("ROLLBACK");
      return calls.map((call) => alone(moment, call));
    }
  };
}

/** Moves the write-ahead log into the file while no call waits. */
function createIdleCheckpoint(db: DatabaseSync) {
  const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
  let cancel: (() => void) | undefined;
  let isBusy = false;
  function run(): void {
    try {
      checkpoint.all();
    } catch {
      // The log stays as it is. The next write reports the error.
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

async function tenantOf(url: string): Promise<ThreadTenant> {
  const { tenant } = (await import(url)) as { readonly tenant: ThreadTenant };
  return tenant;
}

async function start(
  port: NonNullable<typeof parentPort>,
  { path, maxBytes, tenants: modules }: WorkerOptions,
): Promise<void> {
  const tenants = await Promise.all(modules.map(tenantOf));
  const db = openDatabase({ path, maxBytes, schemas: tenants.map(({ schema }) => schema) });
  const guard = guardFile(path);
  const run = serve(db, guard.verify, tenants);
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
    await start(parentPort, workerData);
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    const { failure, message } = error;
    parentPort.postMessage({ state: "failed", failure, message } satisfies Opening);
  }
}
