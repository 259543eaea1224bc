import { Latency } from "./latency.ts";

/** Sizes above 2^24 share one class. */
const MAX_CLASS = 24;
/** Number of lower classes that can stand in for an unmeasured size: sizes down to a quarter of it. */
const LOWER_CLASSES = 2;
/** One duration of a size is better evidence than none. */
const MIN_SAMPLES = 1;

/** Index of a size's class. The sizes of one power of two share a class. */
function classOf(size: number): number {
  return Math.min(MAX_CLASS, Math.floor(Math.log2(Math.max(1, size))));
}

/**
 * Recent durations that grow with a size, in milliseconds. At most 25 classes of sizes, each created at its first
 * measurement.
 */
export class SizedLatency {
  readonly #classes: (Latency | undefined)[] = [];

  add(size: number, ms: number, now: number): void {
    const index = classOf(size);
    this.#classes[index] ??= new Latency();
    this.#classes[index].add(ms, now);
  }

  /**
   * The duration that `share` of the recent ones at this size do not exceed. For an unmeasured size, the estimate is
   * proportional to a class up to eight times smaller, and at most the duration of one twice as large. Undefined: no
   * measurement.
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
