// Writes the fields of messages in the protobuf encoding. The functions that gen/service/message-writers.ts defines for
// messages call it with tags: (field number << 3) | wire type.

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** What the library keeps of a field that the contract does not know. */
interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}

/** Memory that is kept between messages, in bytes. Nearly all messages are smaller. */
const KEPT_BYTES = 256 * 1024;
/** Of a longer text, a call of Node's is faster than a loop over its characters. */
const MAX_LOOPED_UNITS = 48;
/** Most bytes of a varint. */
const VARINT_BYTES = 10;
/** Most bytes of a UTF-16 unit. */
const MAX_UNIT_BYTES = 3;
/** A tag has at most two bytes; field numbers of the contract are below 2048. */
const TAG_BYTES = 2;
const TWO_TO_32 = 0x1_0000_0000;

/** Tags of `google.protobuf.Struct` and `ListValue`: of their values, and of the parts of a map's entry. */
const VALUES = (1 << 3) | 2;
const KEY = (1 << 3) | 2;
const ENTRY_VALUE = (2 << 3) | 2;
/** Tags of `google.protobuf.Value`. */
const NULL = (1 << 3) | 0;
const NUMBER = (2 << 3) | 1;
const STRING = (3 << 3) | 2;
const BOOL = (4 << 3) | 0;
const STRUCT = (5 << 3) | 2;
const LIST = (6 << 3) | 2;

export class WireWriter {
  #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);
  #at = 0;

  /** The message as `write` writes it. Throws what `write` throws. */
  encode<M>(write: (writer: WireWriter, message: M) => void, message: M): Buffer {
    this.#at = 0;
    try {
      write(this, message);
      const encoded = Buffer.allocUnsafe(this.#at);
      this.#bytes.copy(encoded, 0, 0, this.#at);
      return encoded;
    } finally {
      if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);
    }
  }

  /** Throws unless the value is a whole number of 32 bits. */
  int32(tag: number, value: number): void {
    this.#reserve(TAG_BYTES);
    this.#tag(tag);
    this.packedInt32(value);
  }

  /** An item of a packed list of enums. Throws unless the value is a whole number of 32 bits. */
  packedInt32(value: number): void {
    if ((value | 0) !== value) throw new RangeError(`invalid int32: ${value}`);
    this.#reserve(VARINT_BYTES);
    if (value >= 0) this.#varint(value);
    else this.#varint64(value >>> 0, 0xffff_ffff);
  }

  /** Throws unless the value is a whole number of 32 bits without a sign. */
  fixed32(tag: number, value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`invalid fixed32: ${value}`);
    this.#reserve(TAG_BYTES + 4);
    this.#tag(tag);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  /** Throws unless the value is a bigint of 64 bits. */
  int64(tag: number, value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`invalid int64: ${value}`);
    this.#reserve(TAG_BYTES + VARINT_BYTES);
    this.#tag(tag);
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
      this.#varint64(number >>> 0, Math.floor(number / TWO_TO_32));
    } else {
      const bits = BigInt.asUintN(64, value);
      this.#varint64(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
    }
  }

  bool(tag: number, value: boolean): void {
    this.#reserve(TAG_BYTES + 1);
    this.#tag(tag);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  double(tag: number, value: number): void {
    this.#reserve(TAG_BYTES + 8);
    this.#tag(tag);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Lone surrogates become U+FFFD, as always in UTF-8. */
  string(tag: number, value: string): void {
    const units = value.length;
    if (units <= MAX_LOOPED_UNITS && this.#ascii(tag, value)) return;
    this.#reserve(TAG_BYTES + VARINT_BYTES + MAX_UNIT_BYTES * units);
    this.#tag(tag);
    // Counting the bytes first would cost more than writing them. Most texts have a byte for each unit.
    const start = this.#at + lengthOfVarint(units);
    this.#prefix(this.#at, start, this.#bytes.write(value, start));
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(TAG_BYTES + VARINT_BYTES + value.byteLength);
    this.#tag(tag);
    this.#varint(value.byteLength);
    this.#raw(value);
  }

  /** Begins a message within the message; `close` gets the result. */
  open(tag: number): number {
    this.#reserve(TAG_BYTES + 1);
    this.#tag(tag);
    return ++this.#at;
  }

  /** Ends the message that began at `start`: writes its length before it. */
  close(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    // One byte is enough for the length of most messages.
    this.#reserve(VARINT_BYTES);
    this.#prefix(start - 1, start, length);
  }

  /** The fields of a `google.protobuf.Struct`. Throws for a value that JSON does not have. */
  struct(object: JsonObject): void {
    for (const key of Object.keys(object)) {
      const entry = this.open(VALUES);
      this.string(KEY, key);
      const start = this.open(ENTRY_VALUE);
      this.#value(object[key]);
      this.close(start);
      this.close(entry);
    }
  }

  unknown(fields: readonly UnknownField[]): void {
    for (const { no, wireType, data } of fields) {
      this.#reserve(VARINT_BYTES + data.length);
      this.#varint(((no << 3) | wireType) >>> 0);
      this.#raw(data);
    }
  }

  #value(value: JsonValue | undefined): void {
    switch (typeof value) {
      case "string":
        return this.string(STRING, value);
      case "number":
        return this.double(NUMBER, value);
      case "boolean":
        return this.bool(BOOL, value);
      case "object":
        return this.#nested(value);
      default:
        throw new TypeError("a value that JSON does not have");
    }
  }

  #nested(value: JsonObject | readonly JsonValue[] | null): void {
    if (value === null) return this.int32(NULL, 0);
    const start = this.open(Array.isArray(value) ? LIST : STRUCT);
    if (Array.isArray(value)) for (const each of value) this.#element(each);
    else this.struct(value as JsonObject);
    this.close(start);
  }

  #element(value: JsonValue): void {
    const start = this.open(VALUES);
    this.#value(value);
    this.close(start);
  }

  /** Makes room for as many bytes. */
  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** False: the text has other characters than ASCII. */
  #ascii(tag: number, value: string): boolean {
    const units = value.length;
    this.#reserve(TAG_BYTES + 1 + units);
    const start = this.#at;
    this.#tag(tag);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = units;
    for (let index = 0; index < units; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) {
        this.#at = start;
        return false;
      }
      bytes[at++] = unit;
    }
    this.#at = at;
    return true;
  }

  /** Writes `length` at this place. So many bytes stand at `start`, and move if the length needs more room. */
  #prefix(at: number, start: number, length: number): void {
    const place = at + lengthOfVarint(length);
    if (place !== start) this.#bytes.copyWithin(place, start, start + length);
    this.#at = at;
    this.#varint(length);
    this.#at = place + length;
  }

  #raw(data: Uint8Array): void {
    this.#bytes.set(data, this.#at);
    this.#at += data.length;
  }

  #tag(tag: number): void {
    if (tag >= 0x80) this.#bytes[this.#at++] = (tag & 0x7f) | 0x80;
    this.#bytes[this.#at++] = tag < 0x80 ? tag : tag >>> 7;
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
    this.#at = at;
  }

  /** A number of 64 bits as two halves without signs. */
  #varint64(low: number, high: number): void {
    let [rest, above] = [low, high];
    while (above > 0) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (above << 25)) >>> 0;
      above >>>= 7;
    }
    this.#varint(rest);
  }
}

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length++;
  return length;
}
