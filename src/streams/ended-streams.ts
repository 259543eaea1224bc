// Streams that this process has ended. Nobody else would notice if the store lost
// such an end again: the stream would run for ever, with an owner that is alive.
import type { OwnedStream } from "./owned-stream.ts";
import type { StreamStore } from "./stream-store.ts";

/** What a server that writes its log every second can lose, and some slack. */
const SETTLED_MS = 3_000;
const MAX_STREAMS = 1_000;

export class EndedStreams {
  /** In the order of their ends. */
  readonly #streams = new Map<OwnedStream, number>();

  add(stream: OwnedStream, now: number): void {
    this.#streams.set(stream, now);
    const [oldest] = this.#streams.keys();
    if (this.#streams.size > MAX_STREAMS && oldest !== undefined) this.#streams.delete(oldest);
  }

  /** Looks once at each, when a loss would have shown. Rejects with `StoreUnavailable`. */
  async heal(store: StreamStore, now: number): Promise<void> {
    const due: OwnedStream[] = [];
    for (const [stream, endedAt] of this.#streams) {
      if (now - endedAt < SETTLED_MS) break;
      due.push(stream);
    }
    if (due.length === 0) return;
    const heads = await store.heads(due.map(({ streamId }) => streamId));
    due.forEach((stream, position) => {
      this.#streams.delete(stream);
      const head = heads[position];
      if (head?.phase === "running" && head.token.nonce === stream.writerId) {
        stream.restore(head.tail);
      }
    });
  }
}
