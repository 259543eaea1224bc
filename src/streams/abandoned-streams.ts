import type { StreamStore } from "./stream-store.ts";

/**
 * Streams that may name this process as their owner while nothing here writes them:
 * the answer to a claim was lost, a writer has stopped, the store has forgotten a
 * takeover. The session lives, so nobody else could claim them.
 */
export class AbandonedStreams {
  readonly #streamIds = new Set<string>();
  /** Those that no call knows of: they are to end, and not to be run. */
  readonly #unknown = new Set<string>();

  add(streamId: string, isUnknown = false): void {
    this.#streamIds.add(streamId);
    if (isUnknown) this.#unknown.add(streamId);
  }

  /** Hands off what is owned by name only, and forgets what has ended. */
  async release(
    store: StreamStore,
    session: string,
    owned: ReadonlyMap<string, unknown>,
  ): Promise<void> {
    const ids = [...this.#streamIds].filter((streamId) => !owned.has(streamId));
    if (ids.length === 0) return;
    const heads = await store.heads(ids);
    for (const [position, streamId] of ids.entries()) {
      const head = heads[position];
      if (head === undefined || head.phase !== "running") this.#forget(streamId);
      else if (head.owner === session && !head.handedOff && !owned.has(streamId)) {
        if (this.#unknown.has(streamId)) await store.requestCancel(streamId, "disconnect");
        await store.handOff(streamId, head.token);
      }
    }
  }

  #forget(streamId: string): void {
    this.#streamIds.delete(streamId);
    this.#unknown.delete(streamId);
  }
}
