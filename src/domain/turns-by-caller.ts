/** A queue with turns: callers take turns, and the items of one caller are first in, first out. */
export class TurnsByCaller<Item> {
  /** Callers in the order of their turns. */
  readonly #waiting = new Map<string, Set<Item>>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  lengthOf(caller: string): number {
    return this.#waiting.get(caller)?.size ?? 0;
  }

  add(caller: string, item: Item): void {
    const items = this.#waiting.get(caller);
    if (items === undefined) this.#waiting.set(caller, new Set([item]));
    else items.add(item);
    this.#length++;
  }

  /** Returns whether the item was in the queue. */
  remove(caller: string, item: Item): boolean {
    const items = this.#waiting.get(caller);
    if (items?.delete(item) !== true) return false;
    this.#length--;
    if (items.size === 0) this.#waiting.delete(caller);
    return true;
  }

  /** The item whose turn is next. */
  peek(): Item | undefined {
    for (const [item] of this.#waiting.values()) return item;
    return undefined;
  }

  /** Removes the item whose turn is next. The caller's following item goes after those of the other callers. */
  take(): Item | undefined {
    for (const [caller, items] of this.#waiting) {
      const [item] = items;
      if (item === undefined) continue;
      items.delete(item);
      this.#length--;
      this.#waiting.delete(caller);
      if (items.size > 0) this.#waiting.set(caller, items);
      return item;
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const items of this.#waiting.values()) yield* items;
  }
}
