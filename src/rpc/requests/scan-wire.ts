import { WireType } from "@bufbuild/protobuf/wire";
import type { FieldViolation } from "../../domain/gateway-error.ts";
import { type FieldBounds, MAX_COLLECTIONS, type MessageBounds } from "./message-bounds.ts";

/** Deepest nesting of messages, including the request itself. */
export const MAX_DEPTH = 100;
/** Most fields of a request in all its messages, counting each element of lists and maps. */
export const MAX_FIELDS = 65_536;
/** Most unknown fields, and bytes in them, from newer clients. */
const MAX_UNKNOWN_FIELDS = 1_024;
const MAX_UNKNOWN_BYTES = 65_536;

/** Size of an encoded message. */
export interface WireSize {
  /** Fields of all its messages, counting each element of lists and maps. */
  readonly fields: number;
  readonly members?: never;
}

const MALFORMED = "the bytes are not a message of the contract";
const TOO_DEEP = `must not be nested deeper than ${MAX_DEPTH} messages`;
const TOO_MANY = `the request must have no more than ${MAX_FIELDS} fields in all`;
const TOO_MUCH_UNKNOWN = `the request must have no more than ${MAX_UNKNOWN_FIELDS} fields, of ${MAX_UNKNOWN_BYTES} bytes, that the contract does not know`;

const LONGEST_VARINT = 10;

/** Counters of the open messages, one row each. Shared, because a scan runs in one piece. */
const counts = new Int32Array((2 * MAX_DEPTH + 2) * MAX_COLLECTIONS);

class WireScan {
  readonly #bytes: Uint8Array;
  #at = 0;
  fields = 0;
  #unknown = 0;
  #unknownBytes = 0;
  /** Of `counts`: the counters of the message that is read now. */
  #row = 0;
  #path = "";
  #problem = "";

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get violation(): FieldViolation {
    return { field: this.#path, description: this.#problem };
  }

  #refuse(problem: string): false {
    this.#problem = problem;
    return false;
  }

  /** Reads a number of up to 32 bits; -1: there is none before `end`. */
  #uint32(end: number): number {
    const bytes = this.#bytes;
    if (this.#at < end) {
      const byte = bytes[this.#at] ?? 0;
      // Most numbers have one byte.
      if (byte < 0x80) {
        this.#at++;
        return byte;
      }
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= end) return -1;
      const byte = bytes[this.#at++] ?? 0;
      if (shift === 28 && byte > 0x0f) return -1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return -1;
  }

  #skipVarint(end: number): boolean {
    const last = Math.min(end, this.#at + LONGEST_VARINT);
    while (this.#at < last) if ((this.#bytes[this.#at++] ?? 0) < 0x80) return true;
    return this.#refuse(MALFORMED);
  }

  #skip(length: number, end: number): boolean {
    if (length < 0 || length > end - this.#at) return this.#refuse(MALFORMED);
    this.#at += length;
    return true;
  }

  #skipValue(wireType: number, end: number): boolean {
    switch (wireType) {
      case WireType.Varint:
        return this.#skipVarint(end);
      case WireType.Bit64:
        return this.#skip(8, end);
      case WireType.LengthDelimited:
        return this.#skip(this.#uint32(end), end);
      case WireType.Bit32:
        return this.#skip(4, end);
      default:
        return this.#refuse(MALFORMED);
    }
  }

  /** Skips a group (an older syntax) to its end. */
  #skipGroup(number: number, end: number, depth: number): boolean {
    if (depth > MAX_DEPTH) return this.#refuse(TOO_DEEP);
    for (;;) {
      if (++this.fields > MAX_FIELDS) return this.#refuse(TOO_MANY);
      const tag = this.#uint32(end);
      if (tag < 8) return this.#refuse(MALFORMED);
      if ((tag & 7) === WireType.EndGroup) {
        return tag >>> 3 === number || this.#refuse(MALFORMED);
      }
      const isSkipped =
        (tag & 7) === WireType.StartGroup
          ? this.#skipGroup(tag >>> 3, end, depth + 1)
          : this.#skipValue(tag & 7, end);
      if (!isSkipped) return false;
    }
  }

  #skipUnknown(tag: number, end: number, depth: number): boolean {
    if (tag < 8) return this.#refuse(MALFORMED);
    const start = this.#at;
    const isSkipped =
      (tag & 7) === WireType.StartGroup
        ? this.#skipGroup(tag >>> 3, end, depth + 1)
        : this.#skipValue(tag & 7, end);
    if (!isSkipped) return false;
    this.#unknownBytes += this.#at - start;
    return (
      (++this.#unknown <= MAX_UNKNOWN_FIELDS && this.#unknownBytes <= MAX_UNKNOWN_BYTES) ||
      this.#refuse(TOO_MUCH_UNKNOWN)
    );
  }

  /** Counts the numbers of a packed list. */
  #packed(field: FieldBounds, end: number, counter: number): boolean {
    const length = this.#uint32(end);
    if (length < 0 || length > end - this.#at) return this.#refuse(MALFORMED);
    const last = this.#at + length;
    while (this.#at < last) {
      if (++this.fields > MAX_FIELDS) return this.#refuse(TOO_MANY);
      if (!this.#count(field, counter) || !this.#skipValue(field.wireType, last)) return false;
    }
    return true;
  }

  #count(field: FieldBounds, counter: number): boolean {
    const count = (counts[counter] ?? 0) + 1;
    counts[counter] = count;
    if (count <= field.maxElements) return true;
    const what = field.isMap ? "entries" : "item(s)";
    return this.#refuse(`must contain no more than ${field.maxElements} ${what}`);
  }

  #delimited(field: FieldBounds, end: number, depth: number): boolean {
    const length = this.#uint32(end);
    const { message } = field;
    if (message === undefined) {
      return length <= field.maxBytes ? this.#skip(length, end) : this.#refuse(field.lengthRule);
    }
    if (length < 0 || length > end - this.#at) return this.#refuse(MALFORMED);
    this.#row++;
    // A map's entry is no message of its own.
    const isRead = this.message(message, this.#at + length, field.isMap ? depth : depth + 1);
    this.#row--;
    return isRead;
  }

  #value(field: FieldBounds, wireType: number, end: number, depth: number): boolean {
    if (wireType !== field.wireType) return this.#refuse(MALFORMED);
    return wireType === WireType.LengthDelimited
      ? this.#delimited(field, end, depth)
      : this.#skipValue(wireType, end);
  }

  /** Prefixes the path of a violation with a field. */
  #under(field: FieldBounds, element: number): false {
    const index = element > 0 && !field.isMap ? `[${element - 1}]` : "";
    const own = `${field.name}${index}`;
    this.#path = [own, this.#path].filter((step) => step !== "").join(".");
    return false;
  }

  /** Reads a message up to `end`. False: `violation` has the error and its place. */
  message(bounds: MessageBounds, end: number, depth: number): boolean {
    if (depth > MAX_DEPTH) return this.#refuse(TOO_DEEP);
    const first = this.#row * MAX_COLLECTIONS;
    for (let counter = 0; counter < bounds.counters; counter++) counts[first + counter] = 0;
    const { fields } = bounds;
    while (this.#at < end) {
      if (++this.fields > MAX_FIELDS) return this.#refuse(TOO_MANY);
      const tag = this.#uint32(end);
      const field = tag < 8 ? undefined : fields[tag >>> 3];
      if (field === undefined) {
        if (!this.#skipUnknown(tag, end, depth)) return false;
        continue;
      }
      const wireType = tag & 7;
      const counter = first + field.counter;
      if (field.counter < 0) {
        if (!this.#value(field, wireType, end, depth)) return this.#under(field, 0);
      } else if (field.isPackable && wireType === WireType.LengthDelimited) {
        if (!this.#packed(field, end, counter)) return this.#under(field, 0);
      } else {
        if (!this.#count(field, counter)) return this.#under(field, 0);
        if (!this.#value(field, wireType, end, depth)) {
          return this.#under(field, counts[counter] ?? 0);
        }
      }
    }
    return true;
  }
}

/**
 * Scans an encoded message without building objects. Returns its size, or the reason why it must not be decoded:
 * malformed bytes, or more elements, bytes, depth or unknown fields than the bounds allow. The decoder can read
 * every admitted message; it also checks that texts are UTF-8.
 */
export function scanWire(bytes: Uint8Array, bounds: MessageBounds): WireSize | FieldViolation {
  const scan = new WireScan(bytes);
  return scan.message(bounds, bytes.byteLength, 1) ? { fields: scan.fields } : scan.violation;
}
