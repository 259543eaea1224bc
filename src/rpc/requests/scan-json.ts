import type { FieldViolation } from "../../domain/gateway-error.ts";

/** Bounds on a JSON text. */
export interface JsonBounds {
  /** Deepest nesting of objects and arrays, at most 1,000. */
  readonly maxDepth: number;
  /** Most elements of one array, and most members of one object. */
  readonly maxElements: number;
  /** Most elements and members in total, plus one for each array and object. */
  readonly maxFields: number;
}

/** Size of a JSON text. */
export interface JsonSize {
  /** Elements and members of all arrays and objects, plus one for each of these. */
  readonly fields: number;
  /** Members of all objects. */
  readonly members: number;
  /**
   * Whether a name may be one escaped character, such as `"\n"`. `JSON.parse` can return another name for such a
   * name: https://github.com/nodejs/node/issues/63785.
   */
  readonly hasEscapedName: boolean;
}

/** Bytes scanned in one piece: some milliseconds. */
export const SLICE_BYTES = 1024 * 1024;

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
/** Length of `\u0000`; other escapes are shorter. */
export const LONG_ESCAPE = 6;
/** Length in bytes up to which a loop over a string is faster than a search for its end. */
const SHORT = 24;
/** Longest member name in a path. */
const MAX_NAME = 64;
/** Deepest nesting that bounds can allow. */
const DEEPEST = 1_000;

const OTHER = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
const COMMA = 4;
const COLON = 5;
const FOREIGN = 6;

/** Meaning of a byte outside of strings. */
const KINDS = new Uint8Array(256).fill(FOREIGN);
for (const [kind, characters] of [
  // White space, numbers, `true`, `false`, `null`, and the three bytes of a byte order mark.
  [OTHER, " \t\r\n+-.0123456789Eaeflnrstu\xef\xbb\xbf"],
  [STRING, '"'],
  [OPEN, "{["],
  [CLOSE, "}]"],
  [COMMA, ","],
  [COLON, ":"],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}
const ARRAY = "[".charCodeAt(0);

/** Number of consecutive backslashes before `end`. */
export function backslashes(bytes: Buffer, start: number, end: number): number {
  let first = end;
  while (first > start && bytes[first - 1] === BACKSLASH) first--;
  return end - first;
}

/**
 * Position of the quote that ends the string continuing at `start`. From `length` on: the string does not end
 * before.
 */
export function endOfString(bytes: Buffer, start: number, length: number): number {
  let at = start;
  while (at < length) {
    const near = Math.min(at + SHORT, length);
    let byte = bytes[at];
    while (byte !== QUOTE && byte !== BACKSLASH && at < near) byte = bytes[++at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) {
      // Escapes often come close together.
      at += 2;
      continue;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0 || quote >= length) return length + (backslashes(bytes, at, length) % 2);
    if (backslashes(bytes, at, quote) % 2 === 0) return quote;
    at = quote + 1;
  }
  return at;
}

/** The open containers, from the outermost, at index 1. */
class Containers {
  readonly counts = new Int32Array(DEEPEST + 2);
  readonly isArray = new Uint8Array(DEEPEST + 2);
  readonly nameStarts = new Int32Array(DEEPEST + 2);
  readonly nameEnds = new Int32Array(DEEPEST + 2);
}

/** For scans that run in one piece. */
const shared = new Containers();

/** The innermost container as a path, such as `spec.messages[3].parts`. */
function pathOf(bytes: Buffer, containers: Containers, depth: number): string {
  const { counts, isArray, nameStarts, nameEnds } = containers;
  let path = "";
  for (let level = 1; level < depth; level++) {
    if (isArray[level] === 1) path += `[${counts[level]}]`;
    else {
      const start = nameStarts[level] ?? 0;
      const name = bytes.toString("utf8", start, Math.min(nameEnds[level] ?? 0, start + MAX_NAME));
      path += path === "" ? name : `.${name}`;
    }
  }
  return path;
}

/** A scan of a JSON text, slice by slice. */
export class JsonScan {
  readonly #bytes: Buffer;
  readonly #bounds: JsonBounds;
  readonly #isStrict: boolean;
  readonly #containers: Containers;
  /** Position of the next byte. */
  #at = 0;
  #fields = 0;
  #members = 0;
  #hasEscapedName = false;
  #depth = 0;
  /** Start of the last string, which may not have ended. */
  #start = 0;
  #end = 0;
  #isInString = false;

  /** A strict scan is slower, and finds bytes that cannot occur in JSON. */
  constructor(bytes: Buffer, bounds: JsonBounds, isStrict: boolean) {
    this.#bytes = bytes;
    this.#bounds = bounds;
    this.#isStrict = isStrict;
    this.#containers = isStrict ? new Containers() : shared;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  get size(): JsonSize {
    return {
      fields: this.#fields,
      members: this.#members,
      hasEscapedName: this.#hasEscapedName,
    };
  }

  #refuse(depth: number, description: string): FieldViolation {
    return { field: pathOf(this.#bytes, this.#containers, depth), description };
  }

  #tooDeep(depth: number, maxDepth: number): FieldViolation {
    return this.#refuse(depth, `must not be nested deeper than ${maxDepth} objects and arrays`);
  }

  #tooMany(depth: number): FieldViolation {
    const what = this.#containers.isArray[depth] === 1 ? "item(s)" : "member(s)";
    return this.#refuse(depth, `must contain no more than ${this.#bounds.maxElements} ${what}`);
  }

  /** Goes on with the string that the slice before has begun. */
  #endString(stop: number): void {
    if (!this.#isInString) return;
    this.#end = endOfString(this.#bytes, this.#at, stop);
    this.#isInString = this.#end >= stop;
    this.#at = this.#isInString ? this.#end : this.#end + 1;
  }

  /** Scans at most `count` bytes. Returns the violation of a bound, if any. */
  advance(count: number): FieldViolation | undefined {
    const bytes = this.#bytes;
    const stop = Math.min(this.#at + count, bytes.length);
    const { counts, isArray, nameStarts, nameEnds } = this.#containers;
    const { maxElements, maxFields } = this.#bounds;
    const maxDepth = Math.min(this.#bounds.maxDepth, DEEPEST);
    this.#endString(stop);
    let fields = this.#fields;
    let depth = this.#depth;
    let at = this.#at;
    let start = this.#start;
    let end = this.#end;
    for (; at < stop; at++) {
      const byte = bytes[at] ?? 0;
      const kind = KINDS[byte];
      if (kind === OTHER) continue;
      if (kind === STRING) {
        start = at + 1;
        end = endOfString(bytes, start, stop);
        this.#isInString = end >= stop;
        at = this.#isInString ? end - 1 : end;
      } else if (kind === COLON) {
        this.#members++;
        if (bytes[start] === BACKSLASH && end - start <= LONG_ESCAPE) this.#hasEscapedName = true;
        nameStarts[depth] = start;
        nameEnds[depth] = end;
      } else if (kind === CLOSE) {
        if (depth > 0) depth--;
      } else if (kind === FOREIGN) {
        // In other modes, the parser reports a more exact error.
        if (this.#isStrict) return this.#refuse(0, `the request is not JSON at byte ${at}`);
      } else if (++fields > maxFields) {
        return this.#refuse(0, `the request must have no more than ${maxFields} fields in all`);
      } else if (kind === OPEN) {
        depth++;
        if (depth > maxDepth) return this.#tooDeep(depth, maxDepth);
        counts[depth] = 0;
        isArray[depth] = byte === ARRAY ? 1 : 0;
      } else {
        // A list has one more element than commas.
        const elements = (counts[depth] ?? 0) + 1;
        counts[depth] = elements;
        if (elements >= maxElements && depth > 0) return this.#tooMany(depth);
      }
    }
    this.#start = start;
    this.#end = end;
    this.#fields = fields;
    this.#depth = depth;
    this.#at = at;
    return undefined;
  }
}

/**
 * Scans a JSON text without building values. Returns its size, or the array or object that exceeds a bound. The
 * parser decides whether the text is JSON.
 */
export function scanJson(text: Uint8Array, bounds: JsonBounds): JsonSize | FieldViolation {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const scan = new JsonScan(bytes, bounds, false);
  return scan.advance(bytes.length) ?? scan.size;
}

/**
 * Like `scanJson`, for a large text: other work of the process runs between its slices. Bytes that cannot be JSON
 * end the scan.
 */
export async function scanLargeJson(
  bytes: Buffer,
  bounds: JsonBounds,
  pause: () => Promise<void>,
): Promise<JsonSize | FieldViolation> {
  const scan = new JsonScan(bytes, bounds, true);
  for (;;) {
    const violation = scan.advance(SLICE_BYTES);
    if (violation !== undefined) return violation;
    if (scan.isOver) return scan.size;
    await pause();
  }
}
