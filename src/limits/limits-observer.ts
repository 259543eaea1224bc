import type { LimitsTelemetry } from "../telemetry/limits-telemetry.ts";

/** Receives the events of limits for metrics and the log. */
export interface LimitsObserver extends LimitsTelemetry {
  /** A limit is used up to its `warn_at`, told once a window. */
  near(line: { readonly caller: string; readonly limit: string; readonly used: number }): void;
  /** The store counts again, or this process ends: so many calls were let pass by local counts since it was away. */
  countedLocally(calls: number): void;
}
