import type { Clock } from "../clock.ts";

/** Milliseconds for which a whole answer without a waiter here is left to replicas that have one. */
const UNREAD_MS = 5_000;

/** Milliseconds. Orphans are seen once a second, so an answer not seen for this time is no orphan any more. */
const FORGET_MS = 12 * UNREAD_MS;

/** Whole answers without an owner and a reader, with the time since when. */
export class UnreadAnswers {
  readonly #clock: Clock;
  /** Milliseconds of the clock, by stream; the oldest first. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called when a reader waits for the answer here. */
  delete(streamId: string): void {
    this.#since.delete(streamId);
  }

  /** True until the answer has had no reader for `UNREAD_MS`. */
  isLeftToOthers(streamId: string): boolean {
    const now = this.#clock.now();
    // Other replicas have taken streams that are not seen any more.
    for (const [seen, since] of this.#since) {
      if (now - since < FORGET_MS) break;
      this.#since.delete(seen);
    }
    const since = this.#since.get(streamId) ?? now;
    const isLeft = now - since < UNREAD_MS;
    if (isLeft) this.#since.set(streamId, since);
    else this.#since.delete(streamId);
    return isLeft;
  }
}
