import { Worker } from "node:worker_threads";
import type { Clock } from "../../clock.ts";
import { OTHER, type StoreTrouble } from "../store-trouble.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Answer, Call, CallGroup, Moment, Opening, WorkerOptions } from "./messages.ts";
import { StoreOpenError } from "./open-error.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The trouble that the end of a thread indicates. */
function troubleBy(death: Error | undefined): StoreTrouble {
  if (!(death instanceof StoreOpenError)) return OTHER;
  const { failure } = death;
  if (failure === "newer") return { cause: "version", code: "" };
  return { cause: failure === "in-use" ? "other" : "file-gone", code: failure };
}

/** Events of a thread. */
interface ThreadEvents {
  readonly onOpen: () => void;
  readonly onAnswers: (answers: readonly Answer[]) => void;
  /** Returns the error for callers that wait for the thread. */
  readonly onEnd: (death: Error | undefined) => StoreUnavailable;
}

/** A thread from its start to its end. */
class Thread {
  readonly worker: Worker;
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #isOpen = false;
  #death: Error | undefined;

  constructor(options: WorkerOptions, { onOpen, onAnswers, onEnd }: ThreadEvents) {
    this.worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: options,
      name: "stream-store",
      // Modules that the process preloads are not for this thread.
      execArgv: [],
    });
    // Nothing may be waiting for the promise.
    this.#opened.promise.catch(() => undefined);
    this.worker.once("message", (first: Opening) => {
      if (first.state === "failed") {
        this.#death = new StoreOpenError(first.failure, first.message);
        return this.#opened.reject(this.#death);
      }
      this.#isOpen = true;
      this.worker.on("message", onAnswers);
      this.#opened.resolve();
      onOpen();
    });
    this.worker.on("error", (error: unknown) => {
      this.#death ??= error instanceof Error ? error : new Error(String(error));
    });
    this.worker.once("exit", () => {
      const lost = onEnd(this.#death);
      this.#opened.reject(this.#death ?? lost);
      this.#ended.resolve();
    });
  }

  /** Rejects with `StoreOpenError`. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }
}

/** Least milliseconds between two starts of a thread that could not open the file. */
const RESTART_MS = 1_000;

export interface WorkerLinkOptions {
  readonly clock: Clock;
  readonly moment: () => Moment;
  readonly worker: () => WorkerOptions;
}

/** Calls into the thread. The next call restarts a thread that has ended. */
export class WorkerLink {
  readonly #options: WorkerLinkOptions;
  #thread: Thread | undefined;
  #startedAt = 0;
  #isRunning = false;
  #isClosed = false;
  /** In the order of the calls, which is also the order of the answers. */
  #waiting: Waiting[] = [];
  #calls: Call[] = [];
  /** The trouble of the last thread that ended. */
  #lastTrouble: StoreTrouble = OTHER;
  /** A group was sent. The next group is sent after its answers, with all calls that arrived meanwhile. */
  #isBusy = false;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
  }

  /** Starts the thread. Rejects with `StoreOpenError` if the thread cannot use the file. */
  open(): Promise<void> {
    return this.#start().opened;
  }

  /** Rejects with `StoreUnavailable`. */
  call(call: Call): Promise<unknown> {
    if (this.#isClosed) return refused("The stream store is closed");
    if (!this.#isRunning) {
      if (!this.#mayStart()) {
        return refused("The thread of the stream store is not running", this.#lastTrouble);
      }
      this.#start();
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#waiting.push({ resolve, reject }) === 1) this.#thread?.worker.ref();
    if (this.#calls.push(call) === 1 && !this.#isBusy) this.#sendSoon();
    return promise;
  }

  /** Answers outstanding calls, then closes the file. */
  async close(): Promise<void> {
    const hasWork = this.#isRunning && !this.#isClosed;
    this.#isClosed = true;
    if (hasWork) {
      this.#thread?.worker.ref();
      this.#send(true);
    }
    await this.#thread?.ended;
  }

  #mayStart(): boolean {
    const { clock } = this.#options;
    return this.#thread?.isOpen !== false || clock.now() - this.#startedAt >= RESTART_MS;
  }

  #start(): Thread {
    const { clock, worker } = this.#options;
    this.#startedAt = clock.now();
    this.#isRunning = true;
    this.#thread = new Thread(worker(), {
      onOpen: () => this.#rest(),
      onAnswers: (answers) => this.#settle(answers),
      onEnd: (death) => this.#abandon(death),
    });
    return this.#thread;
  }

  #abandon(death: Error | undefined): StoreUnavailable {
    this.#isRunning = false;
    this.#lastTrouble = troubleBy(death);
    const outcome = this.#thread?.isOpen === true ? "unknown" : "not-applied";
    const message = "The thread of the stream store ended";
    const lost = new StoreUnavailable(outcome, message, this.#lastTrouble, death);
    const abandoned = this.#waiting;
    this.#waiting = [];
    this.#calls = [];
    this.#isBusy = false;
    for (const { reject } of abandoned) reject(lost);
    return lost;
  }

  /** The thread keeps the process alive only while a caller waits for an answer or for its end. */
  #rest(): void {
    if (this.#waiting.length === 0 && this.#thread?.isOpen === true && !this.#isClosed) {
      this.#thread.worker.unref();
    }
  }

  #settle(answers: readonly Answer[]): void {
    const answered = this.#waiting.slice(0, answers.length);
    this.#waiting = this.#waiting.slice(answers.length);
    for (const [index, { resolve, reject }] of answered.entries()) {
      const answer = answers[index];
      if (answer === undefined) continue;
      if ("value" in answer) resolve(answer.value);
      else reject(failed(answer));
    }
    this.#isBusy = false;
    if (this.#calls.length > 0) this.#send(false);
    this.#rest();
  }

  #send(isLast: boolean): void {
    const group: CallGroup = { moment: this.#options.moment(), calls: this.#calls, isLast };
    this.#calls = [];
    this.#isBusy = true;
    this.#thread?.worker.postMessage(group);
  }

  /** Sends all calls of this turn together. */
  #sendSoon(): void {
    queueMicrotask(() => {
      if (!this.#isBusy && this.#calls.length > 0) this.#send(false);
    });
  }
}

function refused(message: string, trouble?: StoreTrouble): Promise<never> {
  return Promise.reject(new StoreUnavailable("not-applied", message, trouble));
}

function failed(answer: Extract<Answer, { failure: string }>): StoreUnavailable {
  const outcome = answer.isApplied === "no" ? "not-applied" : "unknown";
  return new StoreUnavailable(
    outcome,
    `The stream store failed: ${answer.failure}`,
    answer.trouble,
  );
}
