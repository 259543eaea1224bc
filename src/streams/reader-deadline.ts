import type { Clock } from "../clock.ts";

/** The deadline of a reader. Its error must arrive before the client creates its own. */
export interface ReaderDeadline {
  /** Milliseconds from the beginning of the reading. */
  readonly afterMs: number;
  readonly error: () => Error;
}

/** Watches a deadline from its construction on. `stop` must be called when the reading ends. */
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
