// Streams in the order of their creation, so that a page costs what it shows.
import { newestFirst } from "../stream-query.ts";
import type { StreamRecord } from "../stream-record.ts";

/** Streams that have expired lie between the others until there are so many, and one for every eight others. */
const MIN_EXPIRED = 64;
const EXPIRED_SHARE = 1 / 8;

type Place = Pick<StreamRecord, "createdAt" | "streamId">;

export class NewestStreams<Entry extends { readonly record: StreamRecord }> {
  /** The oldest first. */
  #entries: Entry[] = [];
  #expired = 0;

  /** Time goes on: nearly always the place is the last one. */
  add(entry: Entry): void {
    this.#entries.splice(this.#countBefore(entry.record), 0, entry);
  }

  /** One of them has expired. */
  expired(): void {
    this.#expired++;
    if (this.#expired < MIN_EXPIRED + this.#entries.length * EXPIRED_SHARE) return;
    this.#entries = this.#entries.filter(({ record }) => record.expiredAt === undefined);
    this.#expired = 0;
  }

  /** The newest first, from behind `after` on. */
  *behind(after: Place | undefined): Generator<Entry> {
    const entries = this.#entries;
    let index = after === undefined ? entries.length : this.#countBefore(after);
    while (index > 0) {
      const entry = entries[--index] as Entry;
      if (entry.record.expiredAt === undefined) yield entry;
    }
  }

  /** How many are older than that place. */
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
