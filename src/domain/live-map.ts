interface Cell<Value> {
  value: Value | undefined;
}

/**
 * What lives for a call or a stream, by key. Unlike a `Map` whose entries come and go, a deleted entry leaves nothing
 * behind that leads to its value: docs/decisions/0024 has the reason.
 */
export class LiveMap<Key, Value extends object> {
  readonly #cells = new Map<Key, Cell<Value>>();

  get size(): number {
    return this.#cells.size;
  }

  has(key: Key): boolean {
    return this.#cells.has(key);
  }

  get(key: Key): Value | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: Key, value: Value): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { value });
    else cell.value = value;
  }

  /** False: there is no such key. */
  delete(key: Key): boolean {
    const cell = this.#cells.get(key);
    if (cell === undefined) return false;
    cell.value = undefined;
    return this.#cells.delete(key);
  }

  /** The values at this moment, in the order in which their keys were added. */
  values(): readonly Value[] {
    return Array.from(this.entries(), ([, value]) => value);
  }

  /** Keys and values at this moment, in the order in which the keys were added. */
  entries(): readonly (readonly [Key, Value])[] {
    return [...this.#cells].flatMap(([key, { value }]) =>
      value === undefined ? [] : [[key, value] as const],
    );
  }
}
