import { Worker } from "node:worker_threads";
import type { Vocabulary } from "../domain/token-rules.ts";
import type { CountJob } from "./tokenizer-worker.ts";

/** Longest text that is counted exactly, in UTF-16 units: at worst some seconds of the thread. */
const MAX_TEXT_UNITS = 2 * 1024 * 1024;
/** Bound on all waiting texts together, in UTF-16 units. */
const MAX_WAITING_UNITS = 8 * 1024 * 1024;
/** A thread that ended is started again for the next text, at most this many times. */
const MAX_STARTS = 10;

/** Counts tokens with a vocabulary, in a thread that the first count starts. */
export interface Tokenizer {
  /** Undefined if the text is too long, too much is waiting, or the thread has failed. */
  count(job: CountJob): Promise<number | undefined>;
  close(): Promise<void>;
}

interface Waiting {
  readonly units: number;
  readonly resolve: (tokens: number | undefined) => void;
}

export function createTokenizer(): Tokenizer {
  let worker: Worker | undefined;
  let starts = 0;
  let waitingUnits = 0;
  /** In the order of the worker's answers. */
  const waiting: Waiting[] = [];

  function settle(tokens: number | undefined): void {
    const first = waiting.shift();
    if (first === undefined) return;
    waitingUnits -= first.units;
    first.resolve(tokens);
  }

  function start(): Worker {
    starts++;
    const started = new Worker(new URL("./tokenizer-worker.ts", import.meta.url), {
      name: "tokenizer",
      // Preloads of the process are not for this thread.
      execArgv: [],
    });
    started.on("message", settle);
    // The `exit` event that follows an error handles it.
    started.on("error", () => undefined);
    started.once("exit", () => {
      worker = undefined;
      while (waiting.length > 0) settle(undefined);
    });
    // A pending count does not keep the process alive.
    started.unref();
    return started;
  }

  return {
    count(job: { readonly vocabulary: Vocabulary; readonly text: string }) {
      const units = job.text.length;
      const isTooMuch = units > MAX_TEXT_UNITS || waitingUnits + units > MAX_WAITING_UNITS;
      if (isTooMuch || (worker === undefined && starts >= MAX_STARTS)) {
        return Promise.resolve(undefined);
      }
      worker ??= start();
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      waitingUnits += units;
      waiting.push({ units, resolve });
      worker.postMessage(job);
      return promise;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
