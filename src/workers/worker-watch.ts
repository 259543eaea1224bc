// Finds a worker whose event loop stands still.
import type { Clock } from "../clock.ts";

/** Turns of the watch until a worker without an answer is silent. */
const TURNS = 10;

export interface WorkerWatchOptions {
  readonly clock: Clock;
  /** A worker that has not answered for this long, in milliseconds, is silent. */
  readonly limitMs: number;
  /** Asks the worker for an answer. */
  readonly ask: () => void;
  /** Called once. The watch has ended. */
  readonly onSilent: () => void;
}

/**
 * Asks a worker again and again. The time without an answer is counted in turns of the watch, and not by the clock: a
 * primary that was paused gets one turn for the pause, however long it was, and then reads the answers.
 */
export class WorkerWatch {
  readonly #options: WorkerWatchOptions;
  /** Turns since the question that has no answer yet; undefined: it is answered. */
  #unansweredTurns: number | undefined;
  #cancel: () => void;

  constructor(options: WorkerWatchOptions) {
    this.#options = options;
    this.#cancel = this.#schedule();
  }

  answered(): void {
    this.#unansweredTurns = undefined;
  }

  end(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    const { clock, limitMs } = this.#options;
    return clock.schedule(limitMs / TURNS, () => this.#turn());
  }

  #turn(): void {
    const isAnswered = this.#unansweredTurns === undefined;
    this.#unansweredTurns = (this.#unansweredTurns ?? -1) + 1;
    if (this.#unansweredTurns >= TURNS) return this.#options.onSilent();
    if (isAnswered) this.#options.ask();
    this.#cancel = this.#schedule();
  }
}
