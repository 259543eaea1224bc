// The thread of the store: it alone touches the file.
import type { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { openDatabase } from "./database.ts";
import { troubleOf } from "./errors.ts";
import { guardFile } from "./file-guard.ts";
import type { Answer, Call, CallGroup, Moment, Opening, WorkerOptions } from "./messages.ts";
import { StoreOpenError } from "./open-error.ts";
import type { ThreadTenant } from "./thread-tenant.ts";

/** A silence after which the write-ahead log is brought into the file. */
const IDLE_MS = 1_000;

interface Served {
  readonly handlers: ReturnType<ThreadTenant["serve"]>;
  readonly writes: ReadonlySet<string>;
}

/** `verify` throws where the file is gone. */
function serve(
  db: DatabaseSync,
  verify: () => void,
  tenants: readonly ThreadTenant[],
): (moment: Moment, calls: readonly Call[]) => Answer[] {
  const started = db.prepare("BEGIN IMMEDIATE");
  const finished = db.prepare("COMMIT");
  /** The last write has failed: whether the next one would is seen by a try. */
  let isTroubled = false;
  /** As the last check has found it. */
  let isGone = false;

  /** A check is in the transaction that is open. */
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
    // What a file that is gone takes would be lost with it.
    else if (isGone && writes.has(method)) verify();
    const handler = handlers[method] as (moment: Moment, ...args: readonly unknown[]) => unknown;
    return { value: handler(moment, ...args) };
  }

  function refused({ tenant, method }: Call, error: unknown, isApplied: "no" | "unknown"): Answer {
    if (method === "check" || served[tenant]?.writes.has(method)) isTroubled = true;
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
