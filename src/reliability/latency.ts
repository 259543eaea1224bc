const CAPACITY = 128;
/** Fewer samples are no evidence. */
const MIN_SAMPLES = 5;
/** Age in milliseconds above which samples are no evidence. */
const MAX_AGE_MS = 600_000;
/** With this many samples, one more changes little: they are sorted again only after `REFRESH_MS`. */
const SETTLED_SAMPLES = 32;
const REFRESH_MS = 250;

/** Recent durations in milliseconds. */
export class Latency {
  readonly #values = new Float64Array(CAPACITY);
  readonly #times = new Float64Array(CAPACITY);
  #count = 0;
  /** The sorted recent samples at the last query. */
  #sorted: Float64Array | undefined;
  #sortedAt = 0;
  #isStale = false;

  add(ms: number, now: number): void {
    const slot = this.#count % CAPACITY;
    this.#values[slot] = ms;
    this.#times[slot] = now;
    this.#count++;
    this.#isStale = true;
  }

  /** The value that `share` of the recent samples do not exceed; undefined with fewer than `minSamples`. */
  quantile(share: number, now: number, minSamples = MIN_SAMPLES): number | undefined {
    const sorted = this.#recent(now);
    if (sorted.length < minSamples) return undefined;
    return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  }

  #recent(now: number): Float64Array {
    const ageMs = now - this.#sortedAt;
    const sorted = this.#sorted;
    const isSettled = sorted !== undefined && sorted.length >= SETTLED_SAMPLES;
    const isDue = this.#isStale && !(isSettled && ageMs < REFRESH_MS);
    if (sorted === undefined || isDue || ageMs > MAX_AGE_MS / CAPACITY) {
      const filled = Math.min(this.#count, CAPACITY);
      const fresh = this.#values
        .subarray(0, filled)
        .filter((_, slot) => now - (this.#times[slot] ?? 0) <= MAX_AGE_MS)
        .sort();
      this.#sorted = fresh;
      this.#sortedAt = now;
      this.#isStale = false;
      return fresh;
    }
    return sorted;
  }
}
