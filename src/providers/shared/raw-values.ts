// JSON texts of values inside a JSON text. A value that is parsed and serialized loses the order of its keys, and
// integers beyond 2^53.

/** A place inside a JSON text: keys and positions from the outside in. `ANY` matches each of them. */
export type PlacePattern = readonly (string | typeof ANY)[];

/** Matches every key and position. */
export const ANY = Symbol("any");

/** Texts of values by path, such as `content/0/input`. */
export interface RawValues {
  /** The text of the value at this place; undefined: no pattern matches. */
  at(...place: readonly (string | number)[]): string | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

/** One pass over valid JSON text. It goes no deeper than its patterns. */
class Scanner {
  readonly #text: string;
  readonly #found: Map<string, string>;
  #position = 0;

  constructor(text: string, found: Map<string, string>) {
    this.#text = text;
    this.#found = found;
  }

  /** Reads one value. `patterns`: the remaining parts of the patterns that match so far. */
  value(patterns: readonly PlacePattern[], place: string): void {
    this.#blanks();
    const from = this.#position;
    const opening = this.#text[from];
    const inner = patterns.filter(({ length }) => length > 0);
    if (inner.length === 0) this.#skip();
    else if (opening === "{") this.#object(inner, place);
    else if (opening === "[") this.#array(inner, place);
    else this.#skip();
    if (inner.length === patterns.length) return;
    this.#found.set(place, this.#text.slice(from, this.#position));
  }

  #object(patterns: readonly PlacePattern[], place: string): void {
    this.#position++;
    for (;;) {
      this.#blanks();
      if (this.#text[this.#position] !== '"') break;
      const from = this.#position;
      this.#string();
      const key = String(JSON.parse(this.#text.slice(from, this.#position)));
      this.#blanks();
      // The colon.
      this.#position++;
      this.value(below(patterns, key), place === "" ? key : `${place}/${key}`);
      this.#blanks();
      if (this.#text[this.#position] !== ",") break;
      this.#position++;
    }
    this.#position++;
  }

  #array(patterns: readonly PlacePattern[], place: string): void {
    this.#position++;
    this.#blanks();
    for (let index = 0; this.#text[this.#position] !== "]"; index++) {
      this.value(below(patterns, undefined), `${place}/${index}`);
      this.#blanks();
      if (this.#text[this.#position] !== ",") break;
      this.#position++;
    }
    this.#position++;
  }

  #blanks(): void {
    while (isBlank(this.#text.charCodeAt(this.#position))) this.#position++;
  }

  /** Skips from the opening quote to the character after the closing one. */
  #string(): void {
    for (let at = this.#position + 1; at < this.#text.length; at++) {
      const unit = this.#text.charCodeAt(at);
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) {
        this.#position = at + 1;
        return;
      }
    }
    this.#position = this.#text.length;
  }

  /** Skips a value of any depth without recursion. */
  #skip(): void {
    let depth = 0;
    while (this.#position < this.#text.length) {
      const unit = this.#text.charCodeAt(this.#position);
      if (unit === QUOTE) {
        this.#string();
        if (depth === 0) return;
        continue;
      }
      const isClosing = unit === 0x7d || unit === 0x5d;
      // A number or a word ends at the next delimiter.
      if (depth === 0 && (isClosing || unit === 0x2c || isBlank(unit))) return;
      if (unit === 0x7b || unit === 0x5b) depth++;
      this.#position++;
      if (isClosing && --depth === 0) return;
    }
  }
}

function below(patterns: readonly PlacePattern[], key: string | undefined): PlacePattern[] {
  return patterns
    .filter(([first]) => first === ANY || (key !== undefined && first === key))
    .map((pattern) => pattern.slice(1));
}

/**
 * Texts of the values at the places of `patterns` in `json`, which must be valid. The text is scanned once, at the
 * first query, in time proportional to its length.
 */
export function rawValues(json: string, patterns: readonly PlacePattern[]): RawValues {
  let found: Map<string, string> | undefined;
  return {
    at(...place) {
      if (found === undefined) {
        found = new Map();
        new Scanner(json, found).value(patterns, "");
      }
      return found.get(place.join("/"));
    },
  };
}
