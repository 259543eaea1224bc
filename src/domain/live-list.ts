interface Entry<Value> {
  readonly value: Value;
  before: Entry<Value> | undefined;
  after: Entry<Value> | undefined;
}

/**
 * What lives for a call, in the order in which it was added. Unlike a `Set` or a `Map` whose entries come and go, the
 * list leaves nothing behind that leads to a value: docs/decisions/0024 has the reason.
 */
export class LiveList<Value> {
  #first: Entry<Value> | undefined;
  #last: Entry<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The values at this moment. */
  values(): readonly Value[] {
    const values: Value[] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.after)
      values.push(entry.value);
    return values;
  }

  /** Adds a value to the end. The result removes the value; it is false if the value was removed before. */
  add(value: Value): () => boolean {
    const entry: Entry<Value> = { value, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size++;
    let isIn = true;
    return () => {
      if (!isIn) return false;
      isIn = false;
      this.#remove(entry);
      return true;
    };
  }

  #remove(entry: Entry<Value>): void {
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // An old entry must not lead to younger ones.
    entry.before = undefined;
    entry.after = undefined;
    this.#size--;
  }
}
