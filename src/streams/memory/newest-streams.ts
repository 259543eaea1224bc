// Streams in the order of their creation, so that the cost of a page depends only on its size.
import { newestFirst } from "../stream-query.ts";
import type { StreamRecord } from "../stream-record.ts";

/** Streams that have left stay in the list until there are this many of them, plus this share of all entries. */
const MIN_LEFT = 64;
const LEFT_SHARE = 1 / 8;

export type Place = Pick<StreamRecord, "createdAt" | "streamId">;

export class NewestStreams<Entry extends { readonly record: StreamRecord }> {
  /** The oldest first. */
  #entries: Entry[] = [];
  readonly #isIn: (record: StreamRecord) => boolean;
  #left = 0;

  /** `isIn` tells which streams belong to the list. One that has left it never returns. */
  constructor(isIn: (record: StreamRecord) => boolean) {
    this.#isIn = isIn;
  }

  /** Times of creation rise, so that the place is nearly always the last one. */
  add(entry: Entry): void {
    const last = this.#entries.at(-1);
    const isNewest = last === undefined || newestFirst(entry.record, last.record) < 0;
    if (isNewest) this.#entries.push(entry);
    else this.#entries.splice(this.#countBefore(entry.record), 0, entry);
  }

  /** Called when one of the entries belongs to the list no more. */
  left(): void {
    this.#left++;
    if (this.#left < MIN_LEFT + this.#entries.length * LEFT_SHARE) return;
    this.#entries = this.#entries.filter(({ record }) => this.#isIn(record));
    this.#left = 0;
  }

  /** The newest first, beginning after `after`. */
  *behind(after: Place | undefined): Generator<Entry> {
    const entries = this.#entries;
    let index = after === undefined ? entries.length : this.#countBefore(after);
    while (index > 0) {
      const entry = entries[--index] as Entry;
      if (this.#isIn(entry.record)) yield entry;
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
