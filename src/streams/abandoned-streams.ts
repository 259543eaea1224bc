import type { Clock } from "../clock.ts";
import type { StreamStore } from "./stream-store.ts";

/**
 * A call whose answer was lost can still reach the store for so long, and a store
 * that comes back without its last seconds lacks no more than these.
 */
const LATE_MS = 10_000;

interface Watch {
  /** No call knows of it: it is to end, and not to be run. */
  readonly isUnknown: boolean;
  /** Since when nothing of it names this process; undefined: something did at the last look. */
  settledAt: number | undefined;
}

/**
 * Streams that may name this process as their owner while nothing here writes them:
 * the answer to a claim or a creation was lost, a writer has stopped, the store has
 * forgotten a takeover or an end. The session lives, so nobody else could claim them.
 */
export class AbandonedStreams {
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watch>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(streamId: string, isUnknown = false): void {
    this.#watches.set(streamId, { isUnknown, settledAt: undefined });
  }

  /** A stream whose last event is stored, as far as anybody knows. */
  addEnded(streamId: string): void {
    if (this.#watches.has(streamId)) return;
    this.#watches.set(streamId, { isUnknown: false, settledAt: this.#clock.now() });
  }

  /** Hands off what is owned by name only, and forgets what has been settled for long enough. */
  async release(
    store: StreamStore,
    session: string,
    owned: ReadonlyMap<string, unknown>,
  ): Promise<void> {
    const now = this.#clock.now();
    const due = [...this.#watches].filter(
      ([streamId, { settledAt }]) =>
        !owned.has(streamId) && (settledAt === undefined || now - settledAt >= LATE_MS),
    );
    if (due.length === 0) return;
    const heads = await store.heads(due.map(([streamId]) => streamId));
    for (const [position, [streamId, watch]] of due.entries()) {
      const head = heads[position];
      const isOurs = head?.phase === "running" && head.owner === session && !head.handedOff;
      if (isOurs && !owned.has(streamId)) {
        watch.settledAt = undefined;
        if (watch.isUnknown) await store.requestCancel(streamId, "disconnect");
        await store.handOff(streamId, head.token);
      } else if (watch.settledAt === undefined) watch.settledAt = now;
      else this.#watches.delete(streamId);
    }
  }
}
