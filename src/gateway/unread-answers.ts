import type { Clock } from "../clock.ts";

/** For this time a whole answer without a waiter here is reserved for replicas that have one. */
const UNREAD_MS = 5_000;

/** Orphans are seen once a second: an answer that was not seen for this time is no orphan any more. */
const FORGET_MS = 12 * UNREAD_MS;

/** Whole answers that were seen without an owner and without a reader, and since when. */
export class UnreadAnswers {
  readonly #clock: Clock;
  /** Milliseconds of the clock, by stream; the oldest first. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody reads the answer here. */
  delete(streamId: string): void {
    this.#since.delete(streamId);
  }

  /** True until nobody has read the answer for long enough. */
  isLeftToOthers(streamId: string): boolean {
    const now = this.#clock.now();
    // Another replica has taken those that are not seen any more.
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
