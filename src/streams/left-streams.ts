// Streams that the store takes for this process's while nothing here writes them:
// their writer has given up, or the answer to their beginning or takeover was lost.
import type { WriterToken } from "./stream-record.ts";
import type { StreamStore } from "./stream-store.ts";

interface LeftStream {
  readonly token: WriterToken;
  /** Nobody has heard of it: it is to end, and to be run by no one. */
  readonly isUnknown: boolean;
}

export class LeftStreams {
  readonly #streams = new Map<string, LeftStream>();

  add(streamId: string, token: WriterToken, isUnknown: boolean): void {
    this.#streams.set(streamId, { token, isUnknown });
  }

  /** Lets a next owner have them. Rejects with `StoreUnavailable`: those that are left stay. */
  async release(store: StreamStore): Promise<void> {
    for (const [streamId, { token, isUnknown }] of this.#streams) {
      if (isUnknown) await store.requestCancel(streamId, "disconnect");
      await store.handOff(streamId, token);
      this.#streams.delete(streamId);
    }
  }
}
