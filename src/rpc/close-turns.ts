import type { Socket } from "node:net";

/** Connections that are closed per turn of the event loop: one or two milliseconds, most of them the kernel's. */
const CLOSES_A_TURN = 32;

/**
 * Closes connections whose clients have closed their side, a few at a time, with all other work of the process in
 * between. A client or a proxy that ends closes thousands at once, and Node would close all of them in one turn of the
 * event loop.
 */
export class CloseTurns {
  readonly #schedule: (next: () => void) => void;
  readonly #waiting = new Set<Socket>();
  #isScheduled = false;

  /** `schedule` calls back in the next turn of the event loop. */
  constructor(schedule: (next: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Closes the connection soon. All that was written is sent before. */
  add(socket: Socket): void {
    this.#waiting.add(socket);
    this.#goOn();
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
    let closed = 0;
    for (const socket of this.#waiting) {
      if (closed++ === CLOSES_A_TURN) return this.#goOn();
      this.#waiting.delete(socket);
      socket.destroySoon();
    }
  }
}
