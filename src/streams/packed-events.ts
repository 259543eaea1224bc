// The events of a batch in one piece: each its length as a varint, then its bytes.

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

export function packEvents(events: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const { length } of events) size += length + lengthOfVarint(length);
  const packed = new Uint8Array(size);
  let offset = 0;
  for (const event of events) {
    let rest = event.length;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) packed[offset++] = (rest % 0x80) | 0x80;
    packed[offset++] = rest;
    packed.set(event, offset);
    offset += event.length;
  }
  return packed;
}

/** Views of the packed bytes, not copies. */
export function unpackEvents(packed: Uint8Array): Uint8Array[] {
  const events: Uint8Array[] = [];
  for (let offset = 0; offset < packed.length; ) {
    let length = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = packed[offset++] ?? 0;
      length += (byte % 0x80) * scale;
      if (byte < 0x80) break;
    }
    events.push(packed.subarray(offset, offset + length));
    offset += length;
  }
  return events;
}
