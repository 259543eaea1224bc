import type { IndexedKey } from "./caller-index.ts";
import type { CallerStore, KeyUse } from "./caller-store.ts";

const MINUTE_MS = 60_000;
/** Uses that one write stores. */
const BATCH = 500;

/** The minute in which this replica last saw a key, in milliseconds since the epoch; undefined: it has not. */
export function lastUseOf({ minute }: IndexedKey): number | undefined {
  return minute === 0 ? undefined : minute * MINUTE_MS;
}

/** When keys were last used, to the minute: written in batches, and never by a call. */
export class KeyUses {
  /** By prefix, in milliseconds since the epoch. There are at most as many as keys. */
  #unwritten = new Map<string, number>();

  note(key: IndexedKey, now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (key.minute === minute) return;
    key.minute = minute;
    this.#unwritten.set(key.prefix, minute * MINUTE_MS);
  }

  /** Rejects as the store does. Uses that could not be written are written the next time. */
  async write(store: CallerStore): Promise<void> {
    const uses = Array.from(this.#unwritten, ([prefix, usedAt]): KeyUse => ({ prefix, usedAt }));
    this.#unwritten = new Map();
    for (let at = 0; at < uses.length; at += BATCH) {
      try {
        await store.noteUses(uses.slice(at, at + BATCH));
      } catch (error) {
        for (const { prefix, usedAt } of uses.slice(at)) {
          this.#unwritten.set(prefix, Math.max(usedAt, this.#unwritten.get(prefix) ?? 0));
        }
        throw error;
      }
    }
  }
}
