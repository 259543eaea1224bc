import type { Timing } from "../domain/generation.ts";

/** Gaps kept for the percentiles; later ones still count for the maximum and the stalls. */
const MAX_GAPS = 100_000;

/** Gaps longer than this are stalls. */
const STALL_MS = 2_000;

/** Measures the rhythm of one attempt's content chunks; times are the clock's milliseconds. */
export interface ChunkTiming {
  chunk(now: number): void;
  readonly firstAt: number | undefined;
  readonly lastAt: number;
  readonly count: number;
  summary(): Pick<
    Timing,
    "chunkGapP50Ms" | "chunkGapP95Ms" | "chunkGapMaxMs" | "stallCount" | "chunkCount"
  >;
}

export function createChunkTiming(): ChunkTiming {
  const gaps: number[] = [];
  let firstAt: number | undefined;
  let lastAt = 0;
  let count = 0;
  let stalls = 0;
  let longest = 0;

  return {
    chunk(now) {
      if (firstAt === undefined) firstAt = now;
      else {
        const gap = now - lastAt;
        if (gaps.length < MAX_GAPS) gaps.push(gap);
        if (gap > STALL_MS) stalls++;
        if (gap > longest) longest = gap;
      }
      lastAt = now;
      count++;
    },
    get firstAt() {
      return firstAt;
    },
    get lastAt() {
      return lastAt;
    },
    get count() {
      return count;
    },
    summary() {
      if (count < 2) return { stallCount: stalls, chunkCount: count };
      const sorted = Float64Array.from(gaps).sort();
      const percentile = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
      return {
        chunkGapP50Ms: percentile(0.5),
        chunkGapP95Ms: percentile(0.95),
        chunkGapMaxMs: longest,
        stallCount: stalls,
        chunkCount: count,
      };
    },
  };
}
