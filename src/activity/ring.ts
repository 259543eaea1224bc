/** The last entries of a sequence, up to a number. */
export class Ring<T> {
  readonly #capacity: number;
  readonly #entries: T[] = [];
  /** Place of the next entry once the ring is full. */
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(entry: T): void {
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** Latest first. */
  *latest(): Generator<T, void> {
    const { length } = this.#entries;
    for (let back = 1; back <= length; back++) {
      yield this.#entries[(this.#next - back + length) % length] as T;
    }
  }
}
