import type { Batch } from "../stream-record.ts";
import type { StreamStore } from "../stream-store.ts";

type Listener = (batch: Batch) => void;

/** Subscriptions to the batches that clients of this host store. */
export class PublishedBatches {
  readonly #listeners = new Map<string, Set<Listener>>();

  readonly subscribe: NonNullable<StreamStore["subscribe"]> = async (streamId, listener) => {
    const listeners = this.#listeners.get(streamId) ?? new Set();
    this.#listeners.set(streamId, listeners.add(listener));
    return async () => {
      listeners.delete(listener);
      const isOver = listeners.size === 0 && this.#listeners.get(streamId) === listeners;
      if (isOver) this.#listeners.delete(streamId);
    };
  };

  publish(streamId: string, batch: Batch): void {
    for (const listener of this.#listeners.get(streamId) ?? []) listener(batch);
  }
}
