// Nearly all events of a stream are deltas, so they are encoded by hand into pooled memory. The general encoder
// takes a kilobyte and seven objects for each.

export interface Delta {
  readonly sequence: number;
  readonly attemptIndex: number;
  readonly writer: number;
  readonly partIndex: number;
  readonly text: string;
}

/** Tags of fields of `StreamEvent`. */
export const SEQUENCE = (1 << 3) | 0;
export const ATTEMPT_INDEX = (2 << 3) | 0;
export const WRITER = (4 << 3) | 5;
/** Tags of fields of `TextDelta` and `ReasoningDelta`, which have the same fields. */
export const PART_INDEX = (1 << 3) | 0;
export const TEXT = (2 << 3) | 2;

/** Tags of the field that holds the delta. */
export const FIELDS = { "text-delta": (11 << 3) | 2, "reasoning-delta": (12 << 3) | 2 } as const;

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length++;
  return length;
}

/** Zero is left out, as always in proto3. */
function lengthOfNumber(value: number): number {
  return value === 0 ? 0 : 1 + lengthOfVarint(value);
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let position = at;
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80;
  bytes[position++] = rest;
  return position;
}

function writeNumber(bytes: Buffer, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

/** A `StreamEvent` with a delta and without a time, byte for byte as from the general encoder. */
export function encodeDelta(type: keyof typeof FIELDS, delta: Delta): Uint8Array {
  const { sequence, attemptIndex, writer, partIndex, text } = delta;
  const textLength = Buffer.byteLength(text);
  const textField = textLength === 0 ? 0 : 1 + lengthOfVarint(textLength) + textLength;
  const length = lengthOfNumber(partIndex) + textField;
  const bytes = Buffer.allocUnsafe(
    lengthOfNumber(sequence) +
      lengthOfNumber(attemptIndex) +
      (writer === 0 ? 0 : 5) +
      1 +
      lengthOfVarint(length) +
      length,
  );
  let position = writeNumber(bytes, 0, SEQUENCE, sequence);
  position = writeNumber(bytes, position, ATTEMPT_INDEX, attemptIndex);
  if (writer !== 0) {
    bytes[position] = WRITER;
    position = bytes.writeUInt32LE(writer, position + 1);
  }
  bytes[position] = FIELDS[type];
  position = writeVarint(bytes, position + 1, length);
  position = writeNumber(bytes, position, PART_INDEX, partIndex);
  if (textLength > 0) {
    bytes[position] = TEXT;
    position = writeVarint(bytes, position + 1, textLength);
    bytes.write(text, position, textLength);
  }
  return bytes;
}
