import type { Clock } from "../clock.ts";

/** What `monitorEventLoopDelay` measures, in nanoseconds. */
interface DelayHistogram {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  percentile(percentile: number): number;
  reset(): void;
}

type Delays = Pick<DelayHistogram, "count" | "mean" | "max"> & { readonly p99: number };

/** Shortest window, in milliseconds. */
const WINDOW_MS = 30_000;

const NO_DELAYS: Delays = { count: 0, mean: 0, max: 0, p99: 0 };

/**
 * The delays of the current window and of the one before. Several readers can ask: nobody takes a peak away from
 * another who asks at least every half minute.
 */
export class DelayWindows {
  readonly #clock: Clock;
  readonly #histogram: DelayHistogram;
  #before = NO_DELAYS;
  #since: number;

  constructor(clock: Clock, histogram: DelayHistogram) {
    this.#clock = clock;
    this.#histogram = histogram;
    this.#since = clock.now();
  }

  /** In nanoseconds; undefined: nothing is measured yet. The 99th percentile is the higher of the two windows'. */
  read(): Omit<Delays, "count"> | undefined {
    const { count, mean, max } = this.#histogram;
    const current =
      count === 0 ? NO_DELAYS : { count, mean, max, p99: this.#histogram.percentile(99) };
    const before = this.#before;
    const now = this.#clock.now();
    if (now - this.#since >= WINDOW_MS) {
      this.#before = current;
      this.#since = now;
      this.#histogram.reset();
    }
    const all = current.count + before.count;
    if (all === 0) return undefined;
    return {
      mean: (current.mean * current.count + before.mean * before.count) / all,
      max: Math.max(current.max, before.max),
      p99: Math.max(current.p99, before.p99),
    };
  }
}
