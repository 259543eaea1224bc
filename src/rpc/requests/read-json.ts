import { isUtf8 } from "node:buffer";
import type { JsonValue } from "@bufbuild/protobuf";
import { GatewayError } from "../../domain/gateway-error.ts";
import {
  BACKSLASH,
  backslashes,
  endOfString,
  LONG_ESCAPE,
  QUOTE,
  SLICE_BYTES,
} from "./scan-json.ts";

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const code = (character: string): number => character.charCodeAt(0);
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [..."{}[]"].map(code);
const [COMMA, COLON, LETTER_U] = [...",:u"].map(code);
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Longest number in bytes; words are shorter. */
const MAX_WORD_BYTES = 64 * 1024;
const SHORT_ESCAPE = 2;

type Slices<Result> = Generator<void, Result>;

/** Reads a text from its first byte to its last, and yields between two slices. */
class JsonReader {
  readonly #bytes: Buffer;
  readonly #sliceBytes: number;
  #at = 0;
  #pauseAt = 0;

  constructor(bytes: Buffer, sliceBytes: number) {
    this.#bytes = bytes;
    this.#sliceBytes = sliceBytes;
  }

  *read(): Slices<JsonValue> {
    if (this.#bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) {
      this.#at = BYTE_ORDER_MARK.length;
    }
    const value = yield* this.#value();
    if ((yield* this.#next()) !== undefined) throw this.#malformed();
    return value;
  }

  #malformed(): GatewayError {
    const { length } = this.#bytes;
    const isOver = this.#at >= length;
    const problem = isOver ? `it ends too early, at byte ${length}` : `at byte ${this.#at}`;
    return new GatewayError("validation", `the request is not JSON${isOver ? ":" : ""} ${problem}`);
  }

  /** The next byte that is not white space; undefined: none. */
  *#next(): Slices<number | undefined> {
    for (;;) {
      if (this.#at >= this.#pauseAt) {
        this.#pauseAt = this.#at + this.#sliceBytes;
        yield;
      }
      const byte = this.#bytes[this.#at];
      if (byte === undefined || !SPACES.has(byte)) return byte;
      this.#at++;
    }
  }

  *#value(): Slices<JsonValue> {
    const byte = yield* this.#next();
    if (byte === QUOTE) return yield* this.#text();
    if (byte === OPEN_ARRAY) return yield* this.#array();
    if (byte === OPEN_OBJECT) return yield* this.#object();
    return this.#word();
  }

  /** Whether a list continues, after an element or at its beginning. */
  *#goesOn(close: number | undefined, isFirst: boolean): Slices<boolean> {
    const byte = yield* this.#next();
    if (byte === close) {
      this.#at++;
      return false;
    }
    if (isFirst) return true;
    if (byte !== COMMA) throw this.#malformed();
    this.#at++;
    return true;
  }

  *#array(): Slices<JsonValue> {
    const list: JsonValue[] = [];
    this.#at++;
    while (yield* this.#goesOn(CLOSE_ARRAY, list.length === 0)) list.push(yield* this.#value());
    return list;
  }

  *#object(): Slices<JsonValue> {
    const members: Record<string, JsonValue> = {};
    this.#at++;
    for (let isFirst = true; yield* this.#goesOn(CLOSE_OBJECT, isFirst); isFirst = false) {
      if ((yield* this.#next()) !== QUOTE) throw this.#malformed();
      const name = yield* this.#text();
      if ((yield* this.#next()) !== COLON) throw this.#malformed();
      this.#at++;
      // One of the two values would be lost.
      if (Object.hasOwn(members, name)) throw duplicate(name);
      const value = yield* this.#value();
      // An assignment to `__proto__` would not create a member.
      Object.defineProperty(members, name, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return members;
  }

  /** Reads a string, a long one in parts. */
  *#text(): Slices<string> {
    const bytes = this.#bytes;
    const parts: string[] = [];
    this.#at++;
    for (;;) {
      const limit = Math.min(this.#at + this.#sliceBytes, bytes.length);
      const quote = endOfString(bytes, this.#at, limit);
      const isLast = quote < limit;
      if (!isLast && limit === bytes.length) {
        this.#at = limit;
        throw this.#malformed();
      }
      const end = isLast ? quote : this.#partEnd(limit);
      parts.push(this.#part(end));
      this.#at = end;
      if (isLast) break;
      this.#pauseAt = end + this.#sliceBytes;
      yield;
    }
    this.#at++;
    return parts.join("");
  }

  /** The last position up to `limit` that splits neither a character nor an escape. */
  #partEnd(limit: number): number {
    const bytes = this.#bytes;
    let end = limit;
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
    for (let first = end - 1; first > end - LONG_ESCAPE; first--) {
      if (bytes[first] !== BACKSLASH) continue;
      if (backslashes(bytes, this.#at, first + 1) % 2 === 0) break;
      const length = bytes[first + 1] === LETTER_U ? LONG_ESCAPE : SHORT_ESCAPE;
      return first + length > end ? first : end;
    }
    return end;
  }

  #part(end: number): string {
    try {
      return JSON.parse(`"${this.#bytes.toString("utf8", this.#at, end)}"`) as string;
    } catch {
      throw this.#malformed();
    }
  }

  /** A number, `true`, `false` or `null`. */
  #word(): JsonValue {
    const start = this.#at;
    const last = Math.min(start + MAX_WORD_BYTES, this.#bytes.length);
    let end = start;
    while (end < last && /[\w+.-]/.test(String.fromCharCode(this.#bytes[end] ?? 0))) end++;
    try {
      const value = JSON.parse(this.#bytes.toString("latin1", start, end)) as JsonValue;
      this.#at = end;
      return value;
    } catch {
      throw this.#malformed();
    }
  }
}

function duplicate(name: string): GatewayError {
  return new GatewayError(
    "validation",
    `duplicate object key ${JSON.stringify(name.slice(0, 64))}`,
  );
}

/**
 * Parses a JSON text that a scan has bounded, and that is large or has names that `JSON.parse` cannot be trusted
 * with. Other work of the process runs between its slices. Throws `validation`.
 */
export async function readJson(
  bytes: Buffer,
  pause: () => Promise<void>,
  sliceBytes = SLICE_BYTES,
): Promise<JsonValue> {
  if (!isUtf8(bytes)) throw new GatewayError("validation", "the request is not UTF-8");
  await pause();
  const slices = new JsonReader(bytes, sliceBytes).read();
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
    await pause();
  }
}
