/** What waits, by caller: first come first served among the items of one, and callers take turns. */
export class TurnsByCaller<Item> {
  /** In the order of the callers' turns. */
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

  /** Whether it waited. */
  remove(caller: string, item: Item): boolean {
    const items = this.#waiting.get(caller);
    if (items?.delete(item) !== true) return false;
    this.#length--;
    if (items.size === 0) this.#waiting.delete(caller);
    return true;
  }

  /** The item whose turn it is. */
  peek(): Item | undefined {
    for (const [item] of this.#waiting.values()) return item;
    return undefined;
  }

  /** Removes the item whose turn it is. The caller's next one comes behind those of the others. */
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
