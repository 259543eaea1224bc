// Streams that this process has ended. If the store lost such an end again, no other replica would notice: the stream
// would run for ever, with an owner that is alive.
import type { OwnedStream } from "./owned-stream.ts";
import type { StreamStore } from "./stream-store.ts";

/** Milliseconds in which a server that writes its log every second can lose data, with some slack. */
const SETTLED_MS = 3_000;
/** Bounds of the events kept to restore lost ends. Beyond them, the ends of the oldest streams are not verified. */
const MAX_STREAMS = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;

type EndedStream = Pick<OwnedStream, "streamId" | "writerId" | "held" | "restore">;

export class EndedStreams {
  /** Streams with the times of their ends, in this order. */
  readonly #streams = new Map<EndedStream, number>();
  #held = 0;

  add(stream: EndedStream, now: number): void {
    this.#streams.set(stream, now);
    this.#held += stream.held;
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size <= MAX_STREAMS && this.#held <= MAX_BYTES) break;
      this.#delete(oldest);
    }
  }

  /** Checks each stream once, when a loss would be visible. Rejects with `StoreUnavailable`. */
  async heal(store: Pick<StreamStore, "heads">, now: number): Promise<void> {
    const due: EndedStream[] = [];
    for (const [stream, endedAt] of this.#streams) {
      if (now - endedAt < SETTLED_MS) break;
      due.push(stream);
    }
    if (due.length === 0) return;
    const heads = await store.heads(due.map(({ streamId }) => streamId));
    due.forEach((stream, position) => {
      this.#delete(stream);
      const head = heads[position];
      if (head?.phase === "running" && head.token.nonce === stream.writerId) {
        stream.restore(head.tail);
      }
    });
  }

  #delete(stream: EndedStream): void {
    if (this.#streams.delete(stream)) this.#held -= stream.held;
  }
}
