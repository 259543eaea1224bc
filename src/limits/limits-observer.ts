import type { LimitsTelemetry } from "../telemetry/limits-telemetry.ts";

/** Receives the events of limits for metrics and the log. */
export interface LimitsObserver extends LimitsTelemetry {
  /** A limit is used up to its `warn_at`, told once a window. */
  near(line: { readonly caller: string; readonly limit: string; readonly used: number }): void;
}
