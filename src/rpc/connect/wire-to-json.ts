// Writes the JSON of an encoded message without decoding the message: nearly all messages of a stream are deltas of
// a few bytes, which the general decoder and encoder turn into objects and texts several times over.
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** Bytes of the longest JSON that is written. Longer messages are rare, and left to the general encoder. */
const SCRATCH_BYTES = 16 * 1024;
/** JSON of a byte of text is `\u0000` at the longest. */
const MAX_BYTES_OF_BYTE = 6;
/** More than a comma, a number of 32 bits, quotes, and the ends of all messages around a field have together. */
const MAX_BYTES_AROUND = 64;
const MAX_UINT32_VARINT_BYTES = 5;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");

/** Escapes of the bytes that JSON texts cannot have, as `JSON.stringify` writes them. */
const ESCAPES: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const isEscaped = byte < 0x20 || byte === QUOTE || byte === BACKSLASH;
  return isEscaped
    ? Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1))
    : undefined;
});

type Kind = "int32" | "fixed32" | "bool" | "string" | "message";

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

const WIRE_TYPES: Readonly<Record<Kind, number>> = {
  int32: VARINT,
  bool: VARINT,
  string: LENGTH,
  message: LENGTH,
  fixed32: FIXED32,
};

const KINDS = new Map<ScalarType, Kind>([
  [ScalarType.INT32, "int32"],
  [ScalarType.FIXED32, "fixed32"],
  [ScalarType.BOOL, "bool"],
  [ScalarType.STRING, "string"],
]);

interface Field {
  readonly kind: Kind;
  /** The name with its quotes and its colon. */
  readonly name: Buffer;
  /** Whether a zero is written, because the message distinguishes it from nothing. */
  readonly isZeroWritten: boolean;
  /** Of a message. */
  readonly fields: Fields | undefined;
}

/** By number. Undefined: messages with this field are left to the general encoder. */
type Fields = (Field | undefined)[];

function fieldOf(field: DescField, known: Map<DescMessage, Fields>): Field | undefined {
  const isScalar = field.fieldKind === "scalar";
  if (!isScalar && field.fieldKind !== "message") return undefined;
  const kind = isScalar ? KINDS.get(field.scalar) : "message";
  // Well-known types have JSON of their own.
  const isOwn = isScalar || !field.message.typeName.startsWith("google.protobuf.");
  if (kind === undefined || !isOwn) return undefined;
  return {
    kind,
    name: Buffer.from(`${JSON.stringify(field.jsonName)}:`),
    isZeroWritten: field.presence !== FeatureSet_FieldPresence.IMPLICIT,
    fields: isScalar ? undefined : fieldsOf(field.message, known),
  };
}

function fieldsOf(schema: DescMessage, known: Map<DescMessage, Fields>): Fields {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const fields: Fields = [];
  // A message can contain itself.
  known.set(schema, fields);
  for (const field of schema.fields) fields[field.number] = fieldOf(field, known);
  return fields;
}

/** Thrown to leave a message to the general encoder. A constant, so that no stack is recorded. */
const UNUSUAL = new Error("the message is left to the general encoder");

const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

export class WireToJson {
  readonly #fields: Fields;
  #from: Uint8Array = scratch;
  /** Position in the message. */
  #at = 0;
  /** Length of what is written into `scratch`. */
  #length = 0;

  constructor(schema: DescMessage) {
    this.#fields = fieldsOf(schema, new Map());
  }

  /**
   * The JSON of a message that the library for protobuf has encoded, equal to the library's JSON.
   * Undefined: the message is long, or has fields that only the general encoder knows.
   */
  write(bytes: Uint8Array): Buffer | undefined {
    this.#from = bytes;
    this.#at = 0;
    this.#length = 0;
    try {
      this.#message(this.#fields, bytes.byteLength);
    } catch (error) {
      if (error === UNUSUAL) return undefined;
      throw error;
    } finally {
      this.#from = scratch;
    }
    const json = Buffer.allocUnsafe(this.#length);
    scratch.copy(json, 0, 0, this.#length);
    return json;
  }

  #message(fields: Fields, end: number): void {
    scratch[this.#length++] = OPEN;
    const empty = this.#length;
    let last = 0;
    while (this.#at < end) {
      const tag = this.#varint();
      const number = tag >>> 3;
      const field = fields[number];
      // The library writes the fields in the order of their numbers, in both forms.
      if (field === undefined || number <= last || (tag & 7) !== WIRE_TYPES[field.kind])
        throw UNUSUAL;
      last = number;
      this.#field(field, empty);
    }
    if (this.#at !== end) throw UNUSUAL;
    scratch[this.#length++] = CLOSE;
  }

  /** `empty`: the length at the beginning of the message. */
  #field(field: Field, empty: number): void {
    const { kind, name, isZeroWritten, fields } = field;
    const value = kind === "fixed32" ? this.#fixed32() : this.#varint();
    const isText = kind === "string";
    const room = isText ? value * MAX_BYTES_OF_BYTE : 0;
    if (this.#length + name.length + MAX_BYTES_AROUND + room > SCRATCH_BYTES) throw UNUSUAL;
    if (value === 0 && !isZeroWritten) return;
    if (this.#length > empty) scratch[this.#length++] = COMMA;
    this.#copy(name);
    if (fields !== undefined) this.#message(fields, this.#at + value);
    else if (isText) this.#text(value);
    else if (kind === "bool") this.#copy(value === 0 ? FALSE : TRUE);
    else this.#number(value);
  }

  #copy(bytes: Buffer): void {
    this.#length += bytes.copy(scratch, this.#length);
  }

  #varint(): number {
    const from = this.#from;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MAX_UINT32_VARINT_BYTES; count++) {
      const byte = from[this.#at++];
      if (byte === undefined) throw UNUSUAL;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw UNUSUAL;
  }

  #fixed32(): number {
    const from = this.#from;
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) {
      const byte = from[this.#at++];
      if (byte === undefined) throw UNUSUAL;
      value |= byte << shift;
    }
    return value >>> 0;
  }

  #number(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.trunc(rest / 10)) digits++;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      scratch[at] = 0x30 + (rest % 10);
      rest = Math.trunc(rest / 10);
    }
    this.#length += digits;
  }

  #text(length: number): void {
    const from = this.#from;
    const end = this.#at + length;
    let at = this.#length;
    scratch[at++] = QUOTE;
    for (let position = this.#at; position < end; position++) {
      const byte = from[position] ?? 0;
      const escaped = ESCAPES[byte];
      if (escaped === undefined) scratch[at++] = byte;
      else at += escaped.copy(scratch, at);
    }
    scratch[at++] = QUOTE;
    this.#at = end;
    this.#length = at;
  }
}
