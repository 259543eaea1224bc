import type { Clock } from "../clock.ts";

/** The end of a reader's time; its error has to arrive before the client makes one of its own. */
export interface ReaderDeadline {
  /** From the beginning of the reading, in milliseconds. */
  readonly afterMs: number;
  readonly error: () => Error;
}

/** Watches a deadline from now on; `stop` must be called when the reading ends. */
export class DeadlineWatch {
  readonly #deadline: ReaderDeadline | undefined;
  #isPassed = false;
  readonly stop: () => void = () => {};

  /** `wake` is called when the deadline passes. */
  constructor(clock: Clock, deadline: ReaderDeadline | undefined, wake: () => void) {
    this.#deadline = deadline;
    if (deadline === undefined) return;
    this.stop = clock.schedule(deadline.afterMs, () => {
      this.#isPassed = true;
      wake();
    });
  }

  throwIfPassed(): void {
    if (this.#isPassed) throw this.#deadline?.error();
  }
}
