import type { CallerStore, KeyUse } from "./caller-store.ts";

const MINUTE_MS = 60_000;
/** Uses that one write stores. */
const BATCH = 500;
/** Keys whose minute is remembered. Beyond that the minutes are forgotten, and written once more. */
const MAX_KEYS = 200_000;

/** When keys were last used, to the minute: written in batches, and never by a call. */
export class KeyUses {
  /** The last minute of each key, in milliseconds since the epoch. */
  readonly #minutes = new Map<string, number>();
  #unwritten = new Map<string, number>();

  note(prefix: string, now: number): void {
    const minute = now - (now % MINUTE_MS);
    if (this.#minutes.get(prefix) === minute) return;
    if (this.#minutes.size >= MAX_KEYS) this.#minutes.clear();
    this.#minutes.set(prefix, minute);
    this.#unwritten.set(prefix, minute);
  }

  /** Undefined: not by this replica. */
  lastUse(prefix: string): number | undefined {
    return this.#minutes.get(prefix);
  }

  /** Rejects as the store does; what was not written is written the next time. */
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
