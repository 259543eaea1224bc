import type { FieldViolation } from "../../domain/gateway-error.ts";

/** What a JSON text may hold. */
export interface JsonBounds {
  /** Deepest nesting of objects and arrays, at most 1,000. */
  readonly maxDepth: number;
  /** Most elements of one array and most members of one object. */
  readonly maxElements: number;
  /** Most elements and members in all, each array and object counted once more. */
  readonly maxFields: number;
}

/** What a JSON text holds. */
export interface JsonSize {
  /** Elements and members of all arrays and objects, and these themselves. */
  readonly fields: number;
  /** Members of all objects alone. */
  readonly members: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Bytes of a string that are looked at one by one before a search for its end pays. */
const SHORT = 24;
/** Longest name of a member in a path. */
const MAX_NAME = 64;
/** Deepest nesting that any bounds can allow. */
const DEEPEST = 1_000;

const OTHER = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
const COMMA = 4;
const COLON = 5;

/** What a byte outside of a string means. */
const KINDS = new Uint8Array(256);
for (const [kind, characters] of [
  [STRING, '"'],
  [OPEN, "{["],
  [CLOSE, "}]"],
  [COMMA, ","],
  [COLON, ":"],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}
const ARRAY = "[".charCodeAt(0);

/** Where the string that begins at `start` ends: the place of its quote, or of the text's end. */
function endOfString(bytes: Buffer, start: number): number {
  const { length } = bytes;
  let at = start;
  while (at < length) {
    const near = Math.min(at + SHORT, length);
    let byte = bytes[at];
    while (byte !== QUOTE && byte !== BACKSLASH && at < near) byte = bytes[++at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) {
      // A text with one escape has the next one near.
      at += 2;
      continue;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return length;
    let before = quote;
    while (before > at && bytes[before - 1] === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote;
    at = quote + 1;
  }
  return length;
}

/** The containers that a place is in, from the outermost, at 1. A scan runs in one piece, so there is one stack. */
const counts = new Int32Array(DEEPEST + 2);
const isArray = new Uint8Array(DEEPEST + 2);
const nameStarts = new Int32Array(DEEPEST + 2);
const nameEnds = new Int32Array(DEEPEST + 2);

/** The innermost container as a path, such as `spec.messages[3].parts`. */
function pathOf(bytes: Buffer, depth: number): string {
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

/**
 * Walks a JSON text without building anything of it. Answers with what it holds, or with the array or object
 * that has more than the bounds allow. Whether the text is JSON is left to the parser.
 */
export function scanJson(text: Uint8Array, bounds: JsonBounds): JsonSize | FieldViolation {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const { length } = bytes;
  const { maxElements, maxFields } = bounds;
  const maxDepth = Math.min(bounds.maxDepth, DEEPEST);
  let fields = 0;
  let members = 0;
  let depth = 0;
  let start = 0;
  let end = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    const kind = KINDS[byte];
    if (kind === OTHER) continue;
    if (kind === STRING) {
      start = at + 1;
      end = endOfString(bytes, start);
      at = end;
    } else if (kind === COLON) {
      members++;
      nameStarts[depth] = start;
      nameEnds[depth] = end;
    } else if (kind === CLOSE) {
      if (depth > 0) depth--;
    } else if (++fields > maxFields) {
      return {
        field: "",
        description: `the request must have no more than ${maxFields} fields in all`,
      };
    } else if (kind === OPEN) {
      depth++;
      if (depth > maxDepth) {
        const description = `must not be nested deeper than ${maxDepth} objects and arrays`;
        return { field: pathOf(bytes, depth), description };
      }
      counts[depth] = 0;
      isArray[depth] = byte === ARRAY ? 1 : 0;
    } else {
      // One more is to come than there are commas.
      const count = (counts[depth] ?? 0) + 1;
      counts[depth] = count;
      if (count >= maxElements && depth > 0) {
        const what = isArray[depth] === 1 ? "item(s)" : "member(s)";
        const description = `must contain no more than ${maxElements} ${what}`;
        return { field: pathOf(bytes, depth), description };
      }
    }
  }
  return { fields, members };
}
