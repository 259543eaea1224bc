const CAPACITY = 128;
/** Fewer samples say nothing. */
const MIN_SAMPLES = 5;
/** Older samples say nothing either. */
const MAX_AGE_MS = 600_000;

/** The latest durations of something, in milliseconds. */
export class Latency {
  readonly #values = new Float64Array(CAPACITY);
  readonly #times = new Float64Array(CAPACITY);
  #count = 0;
  /** Sorted recent samples as of the last question. */
  #sorted: Float64Array | undefined;
  #sortedAt = 0;

  add(ms: number, now: number): void {
    const slot = this.#count % CAPACITY;
    this.#values[slot] = ms;
    this.#times[slot] = now;
    this.#count++;
    this.#sorted = undefined;
  }

  /** The value that `share` of the recent samples do not exceed; undefined with too few of them. */
  quantile(share: number, now: number): number | undefined {
    const sorted = this.#recent(now);
    if (sorted.length < MIN_SAMPLES) return undefined;
    return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  }

  #recent(now: number): Float64Array {
    if (this.#sorted === undefined || now - this.#sortedAt > MAX_AGE_MS / CAPACITY) {
      const filled = Math.min(this.#count, CAPACITY);
      this.#sorted = this.#values
        .subarray(0, filled)
        .filter((_, slot) => now - (this.#times[slot] ?? 0) <= MAX_AGE_MS)
        .sort();
      this.#sortedAt = now;
    }
    return this.#sorted;
  }
}
