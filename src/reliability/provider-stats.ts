import type { Clock } from "../clock.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";

/** Counters of one provider instance since the start of the process. Times are milliseconds since the epoch. */
export interface ProviderCounters {
  readonly inFlight: number;
  readonly totalRequests: number;
  readonly totalFailures: number;
  readonly lastSuccessMs: number | undefined;
  readonly lastFailureMs: number | undefined;
  readonly lastErrorKind: ErrorKind | undefined;
}

const UNUSED: ProviderCounters = {
  inFlight: 0,
  totalRequests: 0,
  totalFailures: 0,
  lastSuccessMs: undefined,
  lastFailureMs: undefined,
  lastErrorKind: undefined,
};

/** Counts the attempts of every provider instance. A cancelled attempt is neither success nor failure. */
export class ProviderStats {
  readonly #clock: Clock;
  readonly #counters = new Map<string, ProviderCounters>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(instance: string): ProviderCounters {
    return this.#counters.get(instance) ?? UNUSED;
  }

  started(instance: string): void {
    const { inFlight, totalRequests, ...rest } = this.of(instance);
    this.#counters.set(instance, {
      ...rest,
      inFlight: inFlight + 1,
      totalRequests: totalRequests + 1,
    });
  }

  ended(instance: string, error: ErrorKind | undefined): void {
    const counters = this.of(instance);
    const inFlight = counters.inFlight - 1;
    const now = this.#clock.wallTime();
    if (error === undefined) {
      this.#counters.set(instance, { ...counters, inFlight, lastSuccessMs: now });
    } else if (error === "cancelled") {
      this.#counters.set(instance, { ...counters, inFlight });
    } else {
      this.#counters.set(instance, {
        ...counters,
        inFlight,
        totalFailures: counters.totalFailures + 1,
        lastFailureMs: now,
        lastErrorKind: error,
      });
    }
  }
}
