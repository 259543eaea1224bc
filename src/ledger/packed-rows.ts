// The rows of a period in one piece: for each the lengths of its key and its sums in bytes (32 bits each), the
// key, then the sums; all numbers are little-endian.
import type { StoredSums } from "./sums.ts";

const HEAD = 8;
const NUMBER = 8;

/** A view of the bytes of sums, as stores keep them. Node runs on little-endian machines alone. */
export function bytesOfSums(sums: StoredSums): Uint8Array {
  return new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength);
}

export function sumsOfBytes(bytes: Uint8Array): StoredSums {
  const sums = new Float64Array(bytes.length / NUMBER);
  bytesOfSums(sums).set(bytes);
  return sums;
}

export function packRows(
  rows: readonly (readonly [key: Uint8Array, sums: Uint8Array])[],
): Uint8Array {
  const size = rows.reduce((sum, [key, sums]) => sum + HEAD + key.length + sums.length, 0);
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let offset = 0;
  for (const [key, sums] of rows) {
    view.setUint32(offset, key.length, true);
    view.setUint32(offset + 4, sums.length, true);
    packed.set(key, offset + HEAD);
    packed.set(sums, offset + HEAD + key.length);
    offset += HEAD + key.length + sums.length;
  }
  return packed;
}

/** Calls `visit` with each row. */
export function visitRows(bytes: Uint8Array, visit: (key: string, sums: StoredSums) => void): void {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < packed.length; ) {
    const keyEnd = offset + HEAD + packed.readUInt32LE(offset);
    const end = keyEnd + packed.readUInt32LE(offset + 4);
    visit(
      packed.toString("utf8", offset + HEAD, keyEnd),
      sumsOfBytes(packed.subarray(keyEnd, end)),
    );
    offset = end;
  }
}
