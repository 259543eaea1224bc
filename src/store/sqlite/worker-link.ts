import { Worker } from "node:worker_threads";
import type { Clock } from "../../clock.ts";
import type {
  Answer,
  Call,
  CallGroup,
  Moment,
  Opening,
  StoreCalls,
  WorkerOptions,
} from "../../streams/sqlite/stream-calls.ts";
import { OTHER, type StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { StoreOpenError } from "./open-error.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The thread as it is between its start and its end. */
interface Thread {
  readonly worker: Worker;
  /** Rejects with `StoreOpenError`. */
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  isOpen: boolean;
}

/** What the end of a thread says of its file. */
function troubleBy(death: Error | undefined): StoreTrouble {
  if (!(death instanceof StoreOpenError)) return OTHER;
  const { failure } = death;
  if (failure === "newer") return { cause: "version", code: "" };
  return { cause: failure === "in-use" ? "other" : "file-gone", code: failure };
}

/** A thread that could not open the file is not started again sooner. */
const RESTART_MS = 1_000;

export interface WorkerLink {
  readonly opened: Promise<void>;
  call<M extends keyof StoreCalls>(
    method: M,
    ...args: Parameters<StoreCalls[M]>
  ): Promise<ReturnType<StoreCalls[M]>>;
  /** Answers what was asked before, then closes the file. */
  close(): Promise<void>;
}

export interface WorkerLinkOptions extends WorkerOptions {
  readonly clock: Clock;
  readonly moment: () => Moment;
}

/** Calls into the thread; one that has died is started anew by the next call. */
export function createWorkerLink({ clock, moment, ...options }: WorkerLinkOptions): WorkerLink {
  let thread = start();
  let startedAt = clock.now();
  let isRunning = true;
  let isClosed = false;
  /** In the order of their calls, which is that of the answers. */
  let waiting: Waiting[] = [];
  let calls: Call[] = [];
  /** Of the thread that has ended last. */
  let lastTrouble: StoreTrouble = OTHER;
  /** A group is on its way. The next one goes when its answers are here, with all that has come meanwhile. */
  let isBusy = false;

  function start(): Thread {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: options,
      name: "stream-store",
      // What the process preloads is not for this thread.
      execArgv: [],
    });
    const opening = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<void>();
    opening.promise.catch(() => undefined);
    const started: Thread = {
      worker,
      opened: opening.promise,
      ended: ending.promise,
      isOpen: false,
    };
    let death: Error | undefined;
    worker.once("message", (first: Opening) => {
      if (first.state === "failed") {
        death = new StoreOpenError(first.failure, first.message);
        return opening.reject(death);
      }
      started.isOpen = true;
      worker.on("message", settle);
      opening.resolve();
      rest();
    });
    worker.on("error", (error: unknown) => {
      death ??= error instanceof Error ? error : new Error(String(error));
    });
    worker.once("exit", () => {
      isRunning = false;
      const outcome = started.isOpen ? "unknown" : "not-applied";
      const message = "The thread of the stream store ended";
      lastTrouble = troubleBy(death);
      const lost = new StoreUnavailable(outcome, message, lastTrouble, death);
      opening.reject(death ?? lost);
      ending.resolve();
      const abandoned = waiting;
      waiting = [];
      calls = [];
      isBusy = false;
      for (const { reject } of abandoned) reject(lost);
    });
    return started;
  }

  /** The thread keeps the process alive only while somebody waits for it, for its end too. */
  function rest(): void {
    if (waiting.length === 0 && thread.isOpen && !isClosed) thread.worker.unref();
  }

  function settle(answers: readonly Answer[]): void {
    const answered = waiting.slice(0, answers.length);
    waiting = waiting.slice(answers.length);
    for (const [index, { resolve, reject }] of answered.entries()) {
      const answer = answers[index];
      if (answer === undefined) continue;
      if ("value" in answer) resolve(answer.value);
      else {
        const outcome = answer.isApplied === "no" ? "not-applied" : "unknown";
        const message = `The stream store failed: ${answer.failure}`;
        reject(new StoreUnavailable(outcome, message, answer.trouble));
      }
    }
    isBusy = false;
    if (calls.length > 0) send(false);
    rest();
  }

  function send(isLast: boolean): void {
    const group: CallGroup = { moment: moment(), calls, isLast };
    calls = [];
    isBusy = true;
    thread.worker.postMessage(group);
  }

  /** All calls of this turn travel together. */
  function sendSoon(): void {
    queueMicrotask(() => {
      if (!isBusy && calls.length > 0) send(false);
    });
  }

  function restart(): void {
    if (!thread.isOpen && clock.now() - startedAt < RESTART_MS) {
      const message = "The thread of the stream store is not running";
      throw new StoreUnavailable("not-applied", message, lastTrouble);
    }
    startedAt = clock.now();
    thread = start();
    isRunning = true;
  }

  return {
    get opened() {
      return thread.opened;
    },
    async call(method, ...args) {
      if (isClosed) throw new StoreUnavailable("not-applied", "The stream store is closed");
      if (!isRunning) restart();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (waiting.push({ resolve, reject }) === 1) thread.worker.ref();
      if (calls.push({ method, args }) === 1 && !isBusy) sendSoon();
      return promise as Promise<ReturnType<StoreCalls[typeof method]>>;
    },
    async close() {
      if (isClosed || !isRunning) {
        isClosed = true;
        return thread.ended;
      }
      isClosed = true;
      thread.worker.ref();
      send(true);
      await thread.ended;
    },
  };
}
