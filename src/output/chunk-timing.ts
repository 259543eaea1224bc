import type { Timing } from "../domain/generation.ts";

/** Most gaps kept for the percentiles. Later gaps still count for the maximum and the stalls. */
const MAX_GAPS = 100_000;

/** Gaps longer than this, in milliseconds, are stalls. */
const STALL_MS = 2_000;

/** Measures the gaps between the content chunks of one attempt. Times are the clock's milliseconds. */
export class ChunkTiming {
  readonly #gaps: number[] = [];
  #firstAt: number | undefined;
  #lastAt = 0;
  #count = 0;
  #stalls = 0;
  #longest = 0;

  get firstAt(): number | undefined {
    return this.#firstAt;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  get count(): number {
    return this.#count;
  }

  chunk(now: number): void {
    if (this.#firstAt === undefined) this.#firstAt = now;
    else {
      const gap = now - this.#lastAt;
      if (this.#gaps.length < MAX_GAPS) this.#gaps.push(gap);
      if (gap > STALL_MS) this.#stalls++;
      if (gap > this.#longest) this.#longest = gap;
    }
    this.#lastAt = now;
    this.#count++;
  }

  summary(): Pick<
    Timing,
    "chunkGapP50Ms" | "chunkGapP95Ms" | "chunkGapMaxMs" | "stallCount" | "chunkCount"
  > {
    if (this.#count < 2) return { stallCount: this.#stalls, chunkCount: this.#count };
    const sorted = Float64Array.from(this.#gaps).sort();
    const percentile = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return {
      chunkGapP50Ms: percentile(0.5),
      chunkGapP95Ms: percentile(0.95),
      chunkGapMaxMs: this.#longest,
      stallCount: this.#stalls,
      chunkCount: this.#count,
    };
  }
}
