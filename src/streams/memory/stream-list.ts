// Streams in the order in which they were added. The first of a `Set` is found behind all that were deleted before it,
// which took 20 µs with 50,000 streams.

/** An entry, which is in one list at most. Only the list changes these fields. */
export interface Linked<Entry> {
  list: { delete(entry: Entry): boolean } | undefined;
  before: Entry | undefined;
  after: Entry | undefined;
}

export class StreamList<Entry extends Linked<Entry>> {
  #first: Entry | undefined;
  #last: Entry | undefined;

  get first(): Entry | undefined {
    return this.#first;
  }

  /** Adds an entry to the end, and takes it from the list where it was. */
  add(entry: Entry): void {
    entry.list?.delete(entry);
    entry.list = this;
    entry.before = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
  }

  /** False: the entry is not in this list. */
  delete(entry: Entry): boolean {
    if (entry.list !== this) return false;
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.list = undefined;
    entry.before = undefined;
    entry.after = undefined;
    return true;
  }

  /** The entry that was given last can leave the list during the iteration. */
  *[Symbol.iterator](): Generator<Entry> {
    let entry = this.#first;
    while (entry !== undefined) {
      const { after } = entry;
      yield entry;
      entry = after;
    }
  }
}
