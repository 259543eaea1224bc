// The events of a batch in one buffer: for each event its length as a varint, then its bytes.

export function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Writes at `offset` and returns the offset after the varint. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let position = offset;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[position++] = (rest % 0x80) | 0x80;
  bytes[position++] = rest;
  return position;
}

/** Reads the varint at `offset`. Its size is `lengthOfVarint` of the returned value. */
export function readVarint(bytes: Uint8Array, offset: number): number {
  let value = 0;
  let position = offset;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[position++] ?? 0;
    value += (byte % 0x80) * scale;
    if (byte < 0x80) return value;
  }
}

export function packEvents(events: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const { length } of events) size += length + lengthOfVarint(length);
  const packed = new Uint8Array(size);
  let offset = 0;
  for (const event of events) {
    offset = writeVarint(packed, offset, event.length);
    packed.set(event, offset);
    offset += event.length;
  }
  return packed;
}

/** Views of the packed bytes, not copies. */
export function unpackEvents(packed: Uint8Array): Uint8Array[] {
  const events: Uint8Array[] = [];
  for (let offset = 0; offset < packed.length; ) {
    const length = readVarint(packed, offset);
    offset += lengthOfVarint(length);
    events.push(packed.subarray(offset, offset + length));
    offset += length;
  }
  return events;
}
