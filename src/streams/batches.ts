import type { Batch } from "./stream-record.ts";

/** Index of the first batch, or block of batches, that contains an event at or after `sequence`. */
export function position(batches: readonly Pick<Batch, "last">[], sequence: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((batches[middle] as Pick<Batch, "last">).last < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function sizeOf(events: readonly Uint8Array[]): number {
  let size = 0;
  for (const { length } of events) size += length;
  return size;
}
