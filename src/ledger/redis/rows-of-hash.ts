// The fields of a hash with the rows of a period, as MessagePack: an array of a key and sums by turns.
import type { PeriodRow } from "../packed-period.ts";
import { sumsOfBytes } from "../sums.ts";

/** Bytes of the length, by the first byte of an array or a string; none if the first byte has the length itself. */
const LENGTH_BYTES: Readonly<Record<number, number>> = {
  220: 2,
  221: 4,
  217: 1,
  218: 2,
  219: 4,
};
/** Of the first byte of an array and of a string with at most 15 elements and 31 bytes. */
const SHORT_ARRAY = 0x0f;
const SHORT_STRING = 0x1f;

export function rowsOfHash(bytes: Buffer): readonly PeriodRow[] {
  let at = 0;
  function length(short: number): number {
    const first = bytes[at++] as number;
    const size = LENGTH_BYTES[first];
    if (size === undefined) return first & short;
    at += size;
    return bytes.readUIntBE(at - size, size);
  }
  function string(): Buffer {
    const size = length(SHORT_STRING);
    at += size;
    return bytes.subarray(at - size, at);
  }
  const rows = length(SHORT_ARRAY) / 2;
  return Array.from({ length: rows }, () => [string().toString(), sumsOfBytes(string())] as const);
}
