import type { Clock } from "../clock.ts";
import type { WatchedHint } from "./activity-share.ts";

/** Shortest time between two hints of the same kind, in milliseconds, and the time for which one counts. */
const PAUSE_MS = 5_000;
const FOR_MS = 10_000;

/** Tells the other replicas that somebody watches, as often as needed. */
export class WatchedHints {
  readonly #clock: Pick<Clock, "now">;
  readonly #send: (hint: WatchedHint) => void;
  readonly #sentAt = new Map<boolean, number>();

  constructor(clock: Pick<Clock, "now">, send: (hint: WatchedHint) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** `calls`: the latest calls are wanted too. */
  send(calls: boolean): void {
    const now = this.#clock.now();
    const sentAt = this.#sentAt.get(calls);
    if (sentAt !== undefined && now - sentAt < PAUSE_MS) return;
    this.#sentAt.set(calls, now);
    this.#send({ forMs: FOR_MS, calls });
  }
}
