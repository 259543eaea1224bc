// Finds JSON objects and arrays in streamed text in one pass, with a state machine and a stack. The result does not
// depend on how the text is split.

export type JsonKind = "object" | "array" | "string" | "scalar" | "key";

/** Receives the findings of a scanner. `at` is a position in the current `chunk`. */
export interface JsonListener {
  /** A value or a key begins. `depth` is the number of containers around it, 0 for a document. */
  begin(kind: JsonKind, depth: number, at: number): void;
  /** More of the string or key that began last, with escapes resolved. */
  text(piece: string): void;
  /** The value that began at this depth ended before `at`. */
  end(depth: number, at: number, chunk: string): void;
  /** The open document is not valid JSON. */
  broken(): void;
  /** The chunk is read. Open values continue in the next one. */
  pause(chunk: string): void;
}

/** Deepest nesting of a document; deeper text is treated as invalid. */
const MAX_DEPTH = 512;

const PROSE = 0;
const VALUE = 1;
const FIRST_VALUE = 2;
const KEY = 3;
const FIRST_KEY = 4;
const COLON = 5;
const AFTER = 6;
const STRING = 7;
const ESCAPE = 8;
const UNICODE = 9;
const LITERAL = 10;
const MINUS = 11;
const ZERO = 12;
const INTEGER = 13;
const POINT = 14;
const FRACTION = 15;
const EXPONENT = 16;
const EXPONENT_SIGN = 17;
const EXPONENT_DIGITS = 18;

const QUOTE = 0x22;
const PLUS_SIGN = 0x2b;
const COMMA_SIGN = 0x2c;
const MINUS_SIGN = 0x2d;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON_SIGN = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const LITERALS: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

function isDigit(unit: number): boolean {
  return unit >= DIGIT_0 && unit <= DIGIT_9;
}

/** The value of a hexadecimal digit; -1: not one. */
function hexDigit(unit: number): number {
  if (isDigit(unit)) return unit - DIGIT_0;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * Documents are objects and arrays, because a bare string or number cannot be told from prose. An invalid character
 * ends the open document, and scanning continues at that character, so the scanner never stops.
 */
export class JsonScanner {
  readonly #listener: JsonListener;
  /** For each open container: whether it is an array. */
  readonly #stack: boolean[] = [];
  #state = PROSE;
  #isKey = false;
  #literal = "";
  #literalAt = 0;
  #unit = 0;
  #hexDigits = 0;

  constructor(listener: JsonListener) {
    this.#listener = listener;
  }

  /** A document has begun and not ended. */
  get isOpen(): boolean {
    return this.#stack.length > 0;
  }

  push(chunk: string): void {
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
    this.#listener.pause(chunk);
  }

  /** Scans at `at`. Returns the next position, or the same one in another state. */
  #step(chunk: string, at: number): number {
    switch (this.#state) {
      case PROSE:
        return this.#prose(chunk, at);
      case STRING:
        return this.#string(chunk, at);
      case ESCAPE:
        return this.#escape(chunk, at);
      case UNICODE:
        return this.#unicode(chunk, at);
      case LITERAL:
        return this.#literalStep(chunk, at);
    }
    const unit = chunk.charCodeAt(at);
    if (this.#state >= MINUS) return this.#number(chunk, unit, at);
    if (isSpace(unit)) return at + 1;
    switch (this.#state) {
      case FIRST_VALUE:
        if (unit === CLOSE_ARRAY) return this.#close(chunk, at);
        return this.#value(chunk, unit, at);
      case VALUE:
        return this.#value(chunk, unit, at);
      case FIRST_KEY:
        if (unit === CLOSE_OBJECT) return this.#close(chunk, at);
        return this.#key(unit, at);
      case KEY:
        return this.#key(unit, at);
      case COLON:
        return unit === COLON_SIGN ? this.#to(VALUE, at + 1) : this.#break(at);
      default:
        return this.#after(chunk, unit, at);
    }
  }

  #to(state: number, at: number): number {
    this.#state = state;
    return at;
  }

  #break(at: number): number {
    this.#stack.length = 0;
    this.#listener.broken();
    return this.#to(PROSE, at);
  }

  #prose(chunk: string, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const unit = chunk.charCodeAt(at);
      if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) return this.#open(unit, at);
    }
    return chunk.length;
  }

  #open(unit: number, at: number): number {
    const depth = this.#stack.length;
    if (depth >= MAX_DEPTH) return this.#break(at);
    const isArray = unit === OPEN_ARRAY;
    this.#listener.begin(isArray ? "array" : "object", depth, at);
    this.#stack.push(isArray);
    return this.#to(isArray ? FIRST_VALUE : FIRST_KEY, at + 1);
  }

  #close(chunk: string, at: number): number {
    this.#stack.pop();
    const depth = this.#stack.length;
    this.#listener.end(depth, at + 1, chunk);
    return this.#to(depth === 0 ? PROSE : AFTER, at + 1);
  }

  #key(unit: number, at: number): number {
    if (unit !== QUOTE) return this.#break(at);
    this.#isKey = true;
    this.#listener.begin("key", this.#stack.length, at);
    return this.#to(STRING, at + 1);
  }

  #value(chunk: string, unit: number, at: number): number {
    if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) return this.#open(unit, at);
    const depth = this.#stack.length;
    if (unit === QUOTE) {
      this.#isKey = false;
      this.#listener.begin("string", depth, at);
      return this.#to(STRING, at + 1);
    }
    if (unit === MINUS_SIGN || isDigit(unit)) {
      this.#listener.begin("scalar", depth, at);
      if (unit === MINUS_SIGN) return this.#to(MINUS, at + 1);
      return this.#to(unit === DIGIT_0 ? ZERO : INTEGER, at + 1);
    }
    const literal = LITERALS[chunk.charAt(at)];
    if (literal === undefined) return this.#break(at);
    this.#literal = literal;
    this.#literalAt = 1;
    this.#listener.begin("scalar", depth, at);
    return this.#to(LITERAL, at + 1);
  }

  #after(chunk: string, unit: number, at: number): number {
    const isArray = this.#stack.at(-1) === true;
    if (unit === COMMA_SIGN) return this.#to(isArray ? VALUE : KEY, at + 1);
    if (unit === (isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) return this.#close(chunk, at);
    return this.#break(at);
  }

  #string(chunk: string, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const unit = chunk.charCodeAt(at);
      if (unit !== QUOTE && unit !== BACKSLASH && unit >= 0x20) continue;
      if (at > from) this.#listener.text(chunk.slice(from, at));
      if (unit === BACKSLASH) return this.#to(ESCAPE, at + 1);
      if (unit !== QUOTE) return this.#break(at);
      this.#listener.end(this.#stack.length, at + 1, chunk);
      return this.#to(this.#isKey ? COLON : AFTER, at + 1);
    }
    this.#listener.text(chunk.slice(from));
    return chunk.length;
  }

  #escape(chunk: string, at: number): number {
    if (chunk.charCodeAt(at) === LOWER_U) {
      this.#unit = 0;
      this.#hexDigits = 0;
      return this.#to(UNICODE, at + 1);
    }
    const meant = ESCAPES[chunk.charAt(at)];
    if (meant === undefined) return this.#break(at);
    this.#listener.text(meant);
    return this.#to(STRING, at + 1);
  }

  #unicode(chunk: string, at: number): number {
    const digit = hexDigit(chunk.charCodeAt(at));
    if (digit < 0) return this.#break(at);
    this.#unit = this.#unit * 16 + digit;
    this.#hexDigits++;
    if (this.#hexDigits < 4) return at + 1;
    this.#listener.text(String.fromCharCode(this.#unit));
    return this.#to(STRING, at + 1);
  }

  #literalStep(chunk: string, at: number): number {
    if (chunk.charAt(at) !== this.#literal.charAt(this.#literalAt)) return this.#break(at);
    this.#literalAt++;
    return this.#literalAt < this.#literal.length ? at + 1 : this.#scalarEnd(chunk, at + 1);
  }

  #scalarEnd(chunk: string, at: number): number {
    this.#listener.end(this.#stack.length, at, chunk);
    return this.#to(AFTER, at);
  }

  #number(chunk: string, unit: number, at: number): number {
    const state = this.#state;
    const digit = isDigit(unit);
    if (state === MINUS) {
      return digit ? this.#to(unit === DIGIT_0 ? ZERO : INTEGER, at + 1) : this.#break(at);
    }
    if (digit && state !== ZERO) {
      if (state === POINT) this.#state = FRACTION;
      else if (state >= EXPONENT) this.#state = EXPONENT_DIGITS;
      return at + 1;
    }
    if (state === EXPONENT && (unit === PLUS_SIGN || unit === MINUS_SIGN)) {
      return this.#to(EXPONENT_SIGN, at + 1);
    }
    if (state === POINT || state === EXPONENT || state === EXPONENT_SIGN) return this.#break(at);
    if (unit === DOT && state <= INTEGER) return this.#to(POINT, at + 1);
    if ((unit | 0x20) === LOWER_E && state <= FRACTION) return this.#to(EXPONENT, at + 1);
    // The first character after the number is checked next.
    return this.#scalarEnd(chunk, at);
  }
}
