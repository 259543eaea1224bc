import { monitorEventLoopDelay } from "node:perf_hooks";

/** Interval of the measurement in milliseconds. */
const RESOLUTION_MS = 20;
const MS_NANOSECONDS = 1e6;

/** The longest delay of the event loop since the last reading. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  /** In milliseconds. Begins a new measurement. */
  read(): number {
    const { count, max } = this.#histogram;
    this.#histogram.reset();
    // The histogram has the times between its measurements.
    return count === 0 ? 0 : Math.max(0, max / MS_NANOSECONDS - RESOLUTION_MS);
  }
}
