import type { Clock } from "../clock.ts";
import { isSameToken } from "./stream-machine.ts";
import type { StreamStore } from "./stream-store.ts";
import type { UnusedStream } from "./unused-stream.ts";

/**
 * A call whose answer was lost can still reach the store for so long, and a store
 * that comes back without its last seconds lacks no more than these.
 */
const LATE_MS = 10_000;

interface Watch {
  /** Undefined: others may go on with it. */
  readonly unused: UnusedStream | undefined;
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

  add(streamId: string, unused?: UnusedStream): void {
    this.#watches.set(streamId, { unused, settledAt: undefined });
  }

  /** A stream whose last event is stored, as far as anybody knows. */
  addEnded(streamId: string): void {
    if (this.#watches.has(streamId)) return;
    this.#watches.set(streamId, { unused: undefined, settledAt: this.#clock.now() });
  }

  /** Hands off or ends what is owned by name only, and forgets what has been settled for long enough. */
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
        const { unused } = watch;
        // This process may have taken it over since, too.
        const isUnused = unused !== undefined && isSameToken(unused.token, head.token);
        if (isUnused) await unused.end();
        else await store.handOff(streamId, head.token, "lost");
      } else if (watch.settledAt === undefined) watch.settledAt = now;
      else this.#watches.delete(streamId);
    }
  }
}
