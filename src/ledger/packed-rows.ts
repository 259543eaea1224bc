// The rows of a period in one piece: for each the length of its key in bytes and the number of its sums (32 bits
// each), the key, filled up with zeros to a multiple of 8 bytes, then the sums. All numbers are little-endian.
import type { StoredSums, VisitRow } from "./sums.ts";

const NUMBER = 8;
const HEAD = NUMBER;

/** A view of the bytes of sums, as stores keep them. Node runs on little-endian machines alone. */
export function bytesOfSums(sums: StoredSums): Uint8Array {
  return new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength);
}

export function sumsOfBytes(bytes: Uint8Array): StoredSums {
  const sums = new Float64Array(bytes.length / NUMBER);
  bytesOfSums(sums).set(bytes);
  return sums;
}

function padded(length: number): number {
  return Math.ceil(length / NUMBER) * NUMBER;
}

export function packRows(
  rows: readonly (readonly [key: string, sums: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const lengths = rows.map(([key]) => Buffer.byteLength(key));
  const size = rows.reduce(
    (sum, [, sums], index) => sum + HEAD + padded(lengths[index] ?? 0) + sums.length,
    0,
  );
  const packed = Buffer.from(new ArrayBuffer(size));
  let offset = 0;
  for (const [index, [key, sums]] of rows.entries()) {
    const length = lengths[index] ?? 0;
    packed.writeUInt32LE(length, offset);
    packed.writeUInt32LE(sums.length / NUMBER, offset + 4);
    packed.write(key, offset + HEAD);
    offset += HEAD + padded(length);
    packed.set(sums, offset);
    offset += sums.length;
  }
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}

/** Calls `visit` with each row. Makes no object for a row but its key: there can be many. */
export function visitRows(bytes: Uint8Array, visit: VisitRow): void {
  // Numbers stand at multiples of their length, and a part of a pool can begin anywhere.
  const isAligned = bytes.byteOffset % NUMBER === 0;
  const { buffer, byteOffset, length: size } = isAligned ? bytes : new Uint8Array(bytes);
  const packed = Buffer.from(buffer, byteOffset, size);
  const numbers = new Float64Array(buffer, byteOffset, size / NUMBER);
  for (let offset = 0; offset < size; ) {
    const length = packed.readUInt32LE(offset);
    const count = packed.readUInt32LE(offset + 4);
    const key = packed.toString("utf8", offset + HEAD, offset + HEAD + length);
    const first = (offset + HEAD + padded(length)) / NUMBER;
    visit(key, numbers, first, first + count);
    offset = (first + count) * NUMBER;
  }
}
