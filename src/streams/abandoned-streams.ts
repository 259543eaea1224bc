import type { Clock } from "../clock.ts";
import { isSameToken } from "./stream-machine.ts";
import type { StreamStore } from "./stream-store.ts";
import type { UnusedStream } from "./unused-stream.ts";

/**
 * Milliseconds. A call whose answer was lost can still reach the store within this time, and a store that restores an
 * older state has lost at most this much.
 */
const LATE_MS = 10_000;

interface Watch {
  /** Undefined: other replicas may continue the stream. */
  readonly unused: UnusedStream | undefined;
  /** Time since which the record no longer names this process; undefined: the record named it at the last check. */
  settledAt: number | undefined;
}

/**
 * Streams that may name this process as their owner although no writer here writes them: the answer to a claim or a
 * creation was lost, a writer has stopped, or the store has lost a takeover or an end. The session is alive, so no
 * other replica could claim these streams.
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

  /** Adds a stream whose last event is stored according to the store's answer. */
  addEnded(streamId: string): void {
    if (this.#watches.has(streamId)) return;
    this.#watches.set(streamId, { unused: undefined, settledAt: this.#clock.now() });
  }

  /**
   * Hands off or ends streams that this process owns in the record only. Forgets streams that have been settled for
   * `LATE_MS`.
   */
  async release(
    store: StreamStore,
    session: string,
    owned: { has(streamId: string): boolean },
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
        // This process may also have taken the stream over in the meantime.
        const isUnused = unused !== undefined && isSameToken(unused.token, head.token);
        if (isUnused) await unused.end();
        else await store.handOff(streamId, head.token, "lost");
      } else if (watch.settledAt === undefined) watch.settledAt = now;
      else this.#watches.delete(streamId);
    }
  }
}
