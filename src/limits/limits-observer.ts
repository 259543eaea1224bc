import type { LimitsTelemetry } from "../telemetry/limits-telemetry.ts";

/** What is told of limits: to metrics and to the log. */
export interface LimitsObserver extends LimitsTelemetry {
  /** A limit is used up to its `warn_at`, told once a window. */
  near(line: { readonly caller: string; readonly limit: string; readonly used: number }): void;
}
