/** Calls of all connections that begin in one turn of the event loop: some milliseconds of work. */
const CALLS_A_TURN = 32;

/**
 * Lets calls begin a few per turn of the event loop, and those that wait by turns of their connections. A read of one
 * connection can bring the beginnings of hundreds of calls, and all other work waits for whatever one turn does.
 */
export class CallTurns {
  readonly #nextTurn: (next: () => void) => void;
  /** Calls by connection, the connection whose turn is next first. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #left = CALLS_A_TURN;

  /** `nextTurn` calls back in the next turn of the event loop. */
  constructor(nextTurn: (next: () => void) => void = setImmediate) {
    this.#nextTurn = nextTurn;
  }

  /** Calls `begin` now or in a later turn, in the order of the connection's calls. */
  enter(connection: object, begin: () => void): void {
    const before = this.#waiting.get(connection);
    if (before !== undefined) return void before.push(begin);
    if (this.#left === 0) return void this.#waiting.set(connection, [begin]);
    // The calls of several turns are counted together, so that few calls cost no callback.
    if (--this.#left === 0) this.#nextTurn(this.#turn);
    begin();
  }

  readonly #turn = (): void => {
    this.#left = CALLS_A_TURN;
    for (const [connection, calls] of this.#waiting) {
      if (this.#left === 0) break;
      this.#left--;
      this.#waiting.delete(connection);
      const next = calls.shift();
      // An entry that is set anew is the last one, and this loop comes to it.
      if (calls.length > 0) this.#waiting.set(connection, calls);
      next?.();
    }
    if (this.#left === 0) this.#nextTurn(this.#turn);
  };
}
