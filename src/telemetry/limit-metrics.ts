import { counter, upDownCounter } from "./instruments.ts";
import type { LimitsTelemetry } from "./limits-telemetry.ts";
import { metric } from "./metrics.ts";
import { attribute } from "./names.ts";

/** The metrics of limits. */
export function createLimitMetrics(): LimitsTelemetry {
  const admitted = counter(metric.limitsAdmitted);
  const refused = counter(metric.limitsRefused);
  const local = upDownCounter(metric.limitsLocal);
  const reaped = counter(metric.limitsReaped);
  const dropped = counter(metric.limitsDropped);
  return {
    admitted: () => admitted.add(1),
    refused: (reason) => refused.add(1, { [attribute.errorType]: reason }),
    local: (isLocal) => local.add(isLocal ? 1 : -1),
    reaped: (count) => reaped.add(count),
    dropped: (count) => dropped.add(count),
  };
}
