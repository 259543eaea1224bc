import type { Clock } from "../clock.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { ProviderCounters } from "../domain/operations.ts";

/** The facts of a failed attempt. */
type Failure = Pick<GatewayError, "kind" | "message">;

type Counting = { -readonly [Name in keyof ProviderCounters]: ProviderCounters[Name] };

const UNUSED: ProviderCounters = {
  inFlight: 0,
  totalRequests: 0,
  totalFailures: 0,
  lastSuccessMs: undefined,
  lastFailureMs: undefined,
  lastErrorKind: undefined,
  lastErrorMessage: undefined,
};

/** Counts the attempts of every provider instance. A cancelled attempt counts neither as success nor as failure. */
export class ProviderStats {
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(instance: string): ProviderCounters {
    return this.#counters.get(instance) ?? UNUSED;
  }

  started(instance: string): void {
    let counters = this.#counters.get(instance);
    if (counters === undefined) {
      counters = { ...UNUSED };
      this.#counters.set(instance, counters);
    }
    counters.inFlight++;
    counters.totalRequests++;
  }

  ended(instance: string, end: "superseded" | Failure | undefined): void {
    const counters = this.#counters.get(instance);
    if (counters === undefined) return;
    counters.inFlight--;
    if (end === "superseded" || end?.kind === "cancelled") return;
    const now = this.#clock.wallTime();
    if (end === undefined) counters.lastSuccessMs = now;
    else {
      counters.totalFailures++;
      counters.lastFailureMs = now;
      counters.lastErrorKind = end.kind;
      counters.lastErrorMessage = end.message;
    }
  }
}
