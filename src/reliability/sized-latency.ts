import { Latency } from "./latency.ts";

/** Sizes above 2^24 are one. */
const MAX_CLASS = 24;
/** Classes below a size that stand in for it where it was never measured: a quarter of it at least. */
const LOWER_CLASSES = 2;
/** A single duration says more of a size than none. */
const MIN_SAMPLES = 1;

/** Sizes of one power of two are alike. */
function classOf(size: number): number {
  return Math.min(MAX_CLASS, Math.floor(Math.log2(Math.max(1, size))));
}

/**
 * The latest durations of something that takes longer the larger it is, in
 * milliseconds: at most 25 classes of sizes, each made when it is first measured.
 */
export class SizedLatency {
  readonly #classes: (Latency | undefined)[] = [];

  add(size: number, ms: number, now: number): void {
    const index = classOf(size);
    this.#classes[index] ??= new Latency();
    this.#classes[index].add(ms, now);
  }

  /**
   * What `share` of the recent durations at this size do not exceed. A size that was
   * not measured takes as long, in proportion, as one that is up to eight times smaller,
   * and no longer than one that is twice as large. Undefined: nothing is known.
   */
  quantile(share: number, size: number, now: number): number | undefined {
    const own = classOf(size);
    const measured = (index: number): number | undefined =>
      this.#classes[index]?.quantile(share, now, MIN_SAMPLES);
    for (let below = 0; below <= LOWER_CLASSES; below++) {
      const ms = measured(own - below);
      if (ms !== undefined) return ms * 2 ** below;
    }
    return measured(own + 1);
  }
}
