/** Calls that begin in one turn of the event loop: some milliseconds of work. */
const STARTS_A_TURN = 16;

/**
 * Lets the calls of a burst begin a few at a time, between which all other work of the process runs. A thousand
 * calls come in one read of a connection, and would begin before anything else is looked at. Callers take turns.
 */
export class StartTurns {
  readonly #schedule: (next: () => void) => void;
  /** By caller, in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>();
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
    const ofCaller = this.#waiting.get(caller);
    if (ofCaller === undefined) this.#waiting.set(caller, [resolve]);
    else ofCaller.push(resolve);
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
    for (const [caller, starts] of this.#waiting) {
      if (this.#begun === STARTS_A_TURN) break;
      this.#begun++;
      // The caller's next one comes behind those of the others.
      this.#waiting.delete(caller);
      starts.shift()?.();
      if (starts.length > 0) this.#waiting.set(caller, starts);
    }
    if (this.#waiting.size > 0) this.#goOn();
  }
}
