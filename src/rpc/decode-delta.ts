// Nearly all events of a stream are deltas, so they are read by hand, in the form that `encode-delta.ts` writes.
// The general decoder takes more than three times as long.
import type { StoredEvent } from "../domain/generation.ts";
import { ATTEMPT_INDEX, FIELDS, PART_INDEX, SEQUENCE, TEXT, WRITER } from "./encode-delta.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Reads the fields of an encoded event in order. Missing bytes read as 0. */
class Fields {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /** Whether the next field has this tag; then its value follows. */
  takes(tag: number): boolean {
    if (this.#bytes[this.#position] !== tag) return false;
    this.#position++;
    return true;
  }

  /** A number of 32 bits. After a longer one nothing is left to read. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#position++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.#position = Number.POSITIVE_INFINITY;
    return value;
  }

  /** The number with this tag; 0 if it is left out. */
  number(tag: number): number {
    return this.takes(tag) ? this.varint() : 0;
  }

  /** Four bytes, little-endian. */
  fixed(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) {
      value |= (this.#bytes[this.#position++] ?? 0) << shift;
    }
    return value >>> 0;
  }

  text(length: number): string {
    const start = this.#position;
    this.#position += length;
    return utf8.decode(this.#bytes.subarray(start, this.#position));
  }
}

/** The event that `encodeDelta` wrote; undefined for any other event, or one with more fields. */
export function decodeDelta(bytes: Uint8Array): StoredEvent | undefined {
  const fields = new Fields(bytes);
  const sequence = fields.number(SEQUENCE);
  const attemptIndex = fields.number(ATTEMPT_INDEX);
  const writer = fields.takes(WRITER) ? fields.fixed() : 0;
  const isText = fields.takes(FIELDS["text-delta"]);
  if (!isText && !fields.takes(FIELDS["reasoning-delta"])) return undefined;
  if (fields.varint() !== fields.left) return undefined;
  const partIndex = fields.number(PART_INDEX);
  const text = fields.takes(TEXT) ? fields.text(fields.varint()) : "";
  if (fields.left !== 0) return undefined;
  const type = isText ? "text-delta" : "reasoning-delta";
  return { sequence, writer, attemptIndex, body: { type, partIndex, text } };
}
