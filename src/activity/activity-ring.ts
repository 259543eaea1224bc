import type { Clock } from "../clock.ts";
import {
  type ActivityCounts,
  type ActivityGauges,
  type ActivitySample,
  REMEMBERED_SECONDS,
} from "../domain/activity.ts";

const SECOND_MS = 1_000;
/** A timer can fire this much before the second is over, because clocks differ in their fractions. */
const EARLY_MS = 20;

export interface ActivityRingOptions {
  readonly clock: Clock;
  /** The counts since its last call. */
  readonly take: () => ActivityCounts;
  readonly gauges: () => ActivityGauges;
}

/**
 * The last 15 minutes of this replica, one sample for each second of its clock. If the process was held up, the next
 * sample has the counts of all seconds since the one before.
 */
export class ActivityRing {
  readonly #options: ActivityRingOptions;
  readonly #listeners: ((sample: ActivitySample) => void)[] = [];
  /** Rising seconds. */
  #samples: ActivitySample[] = [];
  #last: number;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ActivityRingOptions) {
    this.#options = options;
    this.#last = this.#second();
  }

  /** The last second that ended. */
  get last(): number {
    return this.#last;
  }

  /** Called after each second with its sample. */
  onSecond(listener: (sample: ActivitySample) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a sample every second until `stop`. */
  start(): void {
    const { clock } = this.#options;
    const restMs = SECOND_MS - (clock.wallTime() % SECOND_MS);
    this.#cancelTimer = clock.schedule(restMs, () => {
      this.#sample();
      this.start();
    });
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Samples after a second, oldest first. */
  after(second: number): readonly ActivitySample[] {
    let from = this.#samples.length;
    while (from > 0 && (this.#samples[from - 1]?.second ?? 0) > second) from--;
    return this.#samples.slice(from);
  }

  #second(): number {
    return Math.floor((this.#options.clock.wallTime() + EARLY_MS) / SECOND_MS);
  }

  #sample(): void {
    const second = this.#second();
    if (second === this.#last) return;
    // The clock was set back: the seconds that come again replace those that were.
    if (second < this.#last) {
      this.#samples = this.#samples.filter((sample) => sample.second < second);
    }
    const { take, gauges } = this.#options;
    const sample = { ...take(), ...gauges(), second, replicaCount: 1 };
    this.#samples.push(sample);
    this.#last = second;
    if (this.#samples.length > REMEMBERED_SECONDS) this.#samples.shift();
    for (const listener of this.#listeners) listener(sample);
  }
}
