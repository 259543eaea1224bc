// Reads the fields of messages in the protobuf encoding, for the functions that gen/service/message-readers.ts defines.
// `scanWire` has seen the bytes before: every field is within its message.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";

/** Of a longer text, the decoder is faster than a loop over its bytes. */
const MAX_LOOPED_BYTES = 24;
/** Most bytes of a varint that surely fit into a double, and most bytes of any. */
const SAFE_BYTES = 7;
const VARINT_BYTES = 10;

/** Tags of the parts of a map's entry. */
const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;
/** Tags of fields of `google.protobuf.Struct`, `ListValue` and `Value`. */
const VALUES = (1 << 3) | 2;
const NULL = (1 << 3) | 0;
const NUMBER = (2 << 3) | 1;
const STRING = (3 << 3) | 2;
const BOOL = (4 << 3) | 0;
const STRUCT = (5 << 3) | 2;
const LIST = (6 << 3) | 2;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes are unusual, or no message: the library must read them. One for all, because only the catch is needed. */
const UNUSUAL = new Error("unusual bytes");

export class WireReader {
  readonly #bytes: Uint8Array;
  /** Position of the next byte. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Throws. The caller has the library read the message. */
  giveUp(): never {
    throw UNUSUAL;
  }

  /** Gives up if a message or a oneof is already set. */
  once(set: unknown): void {
    if (set !== undefined) this.giveUp();
  }

  /** A number below 2^31. */
  int32(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? this.giveUp();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[this.at++] ?? this.giveUp();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    byte = bytes[this.at++] ?? this.giveUp();
    // A negative number has ten bytes. A length must not be negative: the next field would be an earlier one.
    return byte < 8 ? value | (byte << 28) : this.giveUp();
  }

  tag(): number {
    return this.int32();
  }

  /** The value can be one that this version does not know. */
  enum<Value extends number>(): Value {
    return this.int32() as Value;
  }

  /** The end of the message or of the bytes whose length follows. */
  end(): number {
    const length = this.int32();
    return this.at + length;
  }

  int64(): bigint {
    let value = 0;
    for (let index = 0, scale = 1; index < SAFE_BYTES; index++, scale *= 0x80) {
      const byte = this.#bytes[this.at++] ?? this.giveUp();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(value);
    }
    return this.#longInt64(BigInt(value));
  }

  fixed32(): number {
    const start = this.#skip(4);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset).getUint32(start, true);
  }

  bool(): boolean {
    const byte = this.#bytes[this.at++] ?? 2;
    return byte < 2 ? byte === 1 : this.giveUp();
  }

  double(): number {
    const start = this.#skip(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset).getFloat64(start, true);
  }

  bytes(): Uint8Array {
    const length = this.int32();
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    const length = this.int32();
    const start = this.#skip(length);
    return this.#shortText(start, length) ?? this.#decoded(start);
  }

  /** An entry of a map of texts. */
  textEntry(map: Record<string, string>): void {
    const { key, value = "" } = this.#entry(() => this.string());
    map[key] = value;
  }

  /** An entry of a map of objects of JSON. */
  structEntry(map: Record<string, JsonObject>): void {
    const { key, value = {} } = this.#entry(() => this.struct(this.end()));
    map[key] = value;
  }

  /** A `google.protobuf.Struct` as an object of JSON. */
  struct(end: number): JsonObject {
    const object: JsonObject = {};
    while (this.at < end) {
      if (this.tag() !== VALUES) this.giveUp();
      const { key, value } = this.#entry(() => this.#value());
      object[key] = value ?? null;
    }
    return object;
  }

  #entry<Value>(readValue: () => Value): { readonly key: string; readonly value?: Value } {
    const end = this.end();
    let key = "";
    let value: Value | undefined;
    while (this.at < end) {
      const tag = this.tag();
      if (tag === KEY) key = this.string();
      else if (tag !== VALUE) this.giveUp();
      else {
        this.once(value);
        value = readValue();
      }
    }
    // An assignment to this name would set the prototype of the map.
    if (key === "__proto__") this.giveUp();
    return value === undefined ? { key } : { key, value };
  }

  #value(): JsonValue {
    const end = this.end();
    const value = this.#kind(this.tag());
    // Without a kind, the tag of something else was read.
    return this.at === end ? value : this.giveUp();
  }

  #kind(tag: number): JsonValue {
    switch (tag) {
      case NULL:
        this.int32();
        return null;
      case NUMBER:
        return this.double();
      case STRING:
        return this.string();
      case BOOL:
        return this.bool();
      case STRUCT:
        return this.struct(this.end());
      case LIST:
        return this.#list(this.end());
      default:
        return this.giveUp();
    }
  }

  #list(end: number): JsonValue[] {
    const list: JsonValue[] = [];
    while (this.at < end) {
      if (this.tag() !== VALUES) this.giveUp();
      list.push(this.#value());
    }
    return list;
  }

  /** The number whose first bytes have this value. */
  #longInt64(first: bigint): bigint {
    let value = first;
    for (let index = SAFE_BYTES; index < VARINT_BYTES; index++) {
      const byte = this.#bytes[this.at++] ?? this.giveUp();
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    return this.giveUp();
  }

  /** The position before the step. */
  #skip(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.#bytes.length) this.giveUp();
    return start;
  }

  /** Undefined: the text is long, or has other characters than ASCII. */
  #shortText(start: number, length: number): string | undefined {
    if (length > MAX_LOOPED_BYTES) return undefined;
    let text = "";
    for (let at = start; at < this.at; at++) {
      const byte = this.#bytes[at] ?? 0x80;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #decoded(start: number): string {
    return decoder.decode(this.#bytes.subarray(start, this.at));
  }
}
