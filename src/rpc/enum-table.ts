/** An enum of the contract and the domain's words for its values, in both directions. */
export interface EnumTable<Word extends string, Value extends number> {
  readonly values: Readonly<Record<Word, Value>>;
  /** Has no word for UNSPECIFIED or for values that this version does not know. */
  readonly words: ReadonlyMap<number, Word>;
}

/** The table of an enum, from the values of its words. Each word has its own value. */
export function enumTable<Word extends string, Value extends number>(
  values: Readonly<Record<Word, Value>>,
): EnumTable<Word, Value> {
  const entries = Object.entries(values) as [Word, Value][];
  return { values, words: new Map(entries.map(([word, value]) => [value, word])) };
}
