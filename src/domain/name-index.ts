import { nearNames } from "./near-names.ts";

/** Names that are compared with an unknown one. Comparing one takes up to a microsecond. */
const MAX_COMPARED = 100;
/** Characters of an unknown name that the look-up uses. */
const MAX_LOOKED_UP = 64;

/** The pairs of neighbouring characters of a name, with its first and its last one. */
function pairsOf(name: string): Set<string> {
  const text = ` ${name.toLowerCase().slice(0, MAX_LOOKED_UP)} `;
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < text.length; at++) pairs.add(text.slice(at, at + 2));
  return pairs;
}

/**
 * Finds near names among many, in a time that does not grow with their number: at most 100 of them are compared, those that
 * share the rarest pairs of characters with the unknown name. The index is built by the first look-up.
 */
export class NameIndex {
  readonly #names: () => Iterable<string>;
  #byPair: ReadonlyMap<string, readonly string[]> | undefined;
  #all: readonly string[] = [];

  /** `names` is called once. */
  constructor(names: () => Iterable<string>) {
    this.#names = names;
  }

  /** The names that `name` probably means, nearest first. */
  near(name: string): string[] {
    this.#byPair ??= this.#build();
    if (this.#all.length <= MAX_COMPARED) return nearNames(name, this.#all);
    return nearNames(name, this.#sharing(name, this.#byPair));
  }

  #build(): ReadonlyMap<string, readonly string[]> {
    this.#all = [...new Set(this.#names())];
    const byPair = new Map<string, string[]>();
    for (const name of this.#all) {
      for (const pair of pairsOf(name)) {
        const names = byPair.get(pair);
        if (names === undefined) byPair.set(pair, [name]);
        else names.push(name);
      }
    }
    return byPair;
  }

  /** Names that share pairs with this one, those with its rarest pairs first. */
  #sharing(name: string, byPair: ReadonlyMap<string, readonly string[]>): Set<string> {
    const lists = Array.from(pairsOf(name), (pair) => byPair.get(pair) ?? []);
    lists.sort((a, b) => a.length - b.length);
    const sharing = new Set<string>();
    for (const list of lists) {
      for (const each of list) {
        if (sharing.size === MAX_COMPARED) return sharing;
        sharing.add(each);
      }
    }
    return sharing;
  }
}
