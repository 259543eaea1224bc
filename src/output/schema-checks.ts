import { Worker } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import { TurnsByCaller } from "../domain/turns-by-caller.ts";
import { BUDGET_MS, CheckBudget } from "./check-budget.ts";
import type { CheckResult, SchemaCheck } from "./check-json-output.ts";
import { UNCHECKED } from "./check-schema.ts";
import type { CheckAnswer } from "./schema-thread.ts";

/** Most waiting checks of one caller, and of all callers. */
const MAX_WAITING_OF_CALLER = 256;
const MAX_WAITING = 2_048;
/** Longest schema and value together, in UTF-16 units: they are copied into the thread. */
const MAX_UNITS = 8 * 1024 * 1024;
/**
 * Longest wait, and longest run, of a check in milliseconds. A check has a shorter limit of its own, so a run of
 * this length means that the thread is stuck.
 */
const PATIENCE_MS = 5_000;
const MAX_HEAP_MB = 256;

/** The worker thread, seen from the main thread. */
export interface CheckThread {
  run(check: SchemaCheck): void;
  /** `onAnswer` is called after each check, `onEnd` once. */
  listen(onAnswer: (answer: CheckAnswer) => void, onEnd: () => void): void;
  end(): Promise<unknown>;
}

function startSchemaThread(): CheckThread {
  const worker = new Worker(new URL("./schema-thread.ts", import.meta.url), {
    name: "schema-checks",
    // Preloads of the process are not for this thread.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  // The `exit` event that follows an error handles it.
  worker.on("error", () => undefined);
  // A pending check does not keep the process alive.
  worker.unref();
  return {
    run: (check) => worker.postMessage(check),
    listen(onAnswer, onEnd) {
      worker.on("message", onAnswer);
      worker.once("exit", onEnd);
    },
    end: () => worker.terminate(),
  };
}

interface Job {
  readonly caller: string;
  readonly check: SchemaCheck;
  /** The first call settles the promise; later calls have no effect. */
  readonly settle: (result: CheckResult) => void;
}

/**
 * Runs schema checks that can take long in one thread, started by the first of them. Callers take turns, and each
 * has a budget of the thread's time.
 */
export class SchemaChecks {
  readonly #clock: Clock;
  readonly #start: () => CheckThread;
  readonly #budget: CheckBudget;
  readonly #waiting = new TurnsByCaller<Job>();
  #thread: CheckThread | undefined;
  #running: { readonly job: Job; readonly cancel: () => void } | undefined;
  #isClosed = false;

  constructor(clock: Clock, start = startSchemaThread) {
    this.#clock = clock;
    this.#start = start;
    this.#budget = new CheckBudget(clock);
  }

  /** Number of checks that wait for the thread. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Never rejects. An aborted check settles at once. */
  run(caller: string, check: SchemaCheck, signal: AbortSignal): Promise<CheckResult> {
    if (check.schema.length + check.value.length > MAX_UNITS || signal.aborted || this.#isClosed) {
      return Promise.resolve(UNCHECKED);
    }
    const ofCaller = this.#waiting.lengthOf(caller);
    const isFull = ofCaller >= MAX_WAITING_OF_CALLER || this.#waiting.length >= MAX_WAITING;
    if (isFull || !this.#budget.has(caller)) return Promise.resolve({ state: "refused" });
    return new Promise((resolve) => {
      const leave = (): void => job.settle(UNCHECKED);
      const job: Job = {
        caller,
        check,
        settle: (result) => {
          cancel();
          signal.removeEventListener("abort", leave);
          this.#waiting.remove(caller, job);
          resolve(result);
        },
      };
      const cancel = this.#clock.schedule(PATIENCE_MS, leave);
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(caller, job);
      this.#next();
    });
  }

  /** Ends the thread. Waiting checks are not made. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of [...this.#waiting]) job.settle(UNCHECKED);
    await this.#thread?.end();
  }

  /** The check whose turn is next. Checks of callers without budget are refused. */
  #take(): Job | undefined {
    for (;;) {
      const job = this.#waiting.take();
      if (job === undefined || this.#budget.has(job.caller)) return job;
      job.settle({ state: "refused" });
    }
  }

  #next(): void {
    if (this.#running !== undefined || this.#isClosed) return;
    const job = this.#take();
    if (job === undefined) return;
    const thread = this.#thread ?? this.#begin();
    // `listen` reports the end.
    const cancel = this.#clock.schedule(PATIENCE_MS, () => void thread.end());
    this.#running = { job, cancel };
    thread.run(job.check);
  }

  /** The running check has ended; the thread takes the next one. */
  #done(costMs: number, result: CheckResult): void {
    if (this.#running === undefined) return;
    const { job, cancel } = this.#running;
    cancel();
    this.#running = undefined;
    this.#budget.spend(job.caller, costMs, result.state === "unchecked");
    job.settle(result);
    this.#next();
  }

  #begin(): CheckThread {
    const thread = this.#start();
    this.#thread = thread;
    thread.listen(
      ({ verdict, cpuMs }) => this.#done(cpuMs, verdict),
      () => {
        this.#thread = undefined;
        // The caller whose check stopped the thread is charged for it.
        this.#done(BUDGET_MS, UNCHECKED);
      },
    );
    return thread;
  }
}
