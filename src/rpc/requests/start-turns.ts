import { TurnsByCaller } from "../../domain/turns-by-caller.ts";

/** Calls that begin per turn of the event loop: some milliseconds of work. */
const STARTS_A_TURN = 16;

/**
 * Lets the calls of a burst begin a few at a time, with all other work of the process in between. One read of a
 * connection can bring a thousand calls. Callers take turns.
 */
export class StartTurns {
  readonly #schedule: (next: () => void) => void;
  readonly #waiting = new TurnsByCaller<() => void>();
  #begun = 0;
  #isScheduled = false;

  /** `schedule` calls back in the next turn of the event loop. */
  constructor(schedule: (next: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Resolves when the call may begin; undefined: at once. */
  take(caller: string): Promise<void> | undefined {
    this.#goOn();
    if (this.#begun < STARTS_A_TURN) {
      this.#begun++;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(caller, resolve);
    return promise;
  }

  #goOn(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#begun = 0;
    while (this.#begun < STARTS_A_TURN) {
      const begin = this.#waiting.take();
      if (begin === undefined) return;
      this.#begun++;
      begin();
    }
    if (this.#waiting.length > 0) this.#goOn();
  }
}
