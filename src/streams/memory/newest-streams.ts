// Streams in the order of their creation, so that the cost of a page depends only on its size.
import { newestFirst } from "../stream-query.ts";
import type { StreamRecord } from "../stream-record.ts";

/** Expired streams stay in the list until there are this many of them, plus this share of all entries. */
const MIN_EXPIRED = 64;
const EXPIRED_SHARE = 1 / 8;

type Place = Pick<StreamRecord, "createdAt" | "streamId">;

export class NewestStreams<Entry extends { readonly record: StreamRecord }> {
  /** The oldest first. */
  #entries: Entry[] = [];
  #expired = 0;

  /** Times of creation rise, so that the place is nearly always the last one. */
  add(entry: Entry): void {
    this.#entries.splice(this.#countBefore(entry.record), 0, entry);
  }

  /** Called when one of the entries has expired. */
  expired(): void {
    this.#expired++;
    if (this.#expired < MIN_EXPIRED + this.#entries.length * EXPIRED_SHARE) return;
    this.#entries = this.#entries.filter(({ record }) => record.expiredAt === undefined);
    this.#expired = 0;
  }

  /** The newest first, beginning after `after`. */
  *behind(after: Place | undefined): Generator<Entry> {
    const entries = this.#entries;
    let index = after === undefined ? entries.length : this.#countBefore(after);
    while (index > 0) {
      const entry = entries[--index] as Entry;
      if (entry.record.expiredAt === undefined) yield entry;
    }
  }

  /** Number of entries older than `place`. */
  #countBefore(place: Place): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle] as Entry;
      if (newestFirst(place, entry.record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
