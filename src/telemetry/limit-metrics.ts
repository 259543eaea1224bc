import { counter, upDownCounter } from "./instruments.ts";
import type { LimitsTelemetry } from "./limits-telemetry.ts";
import { metric } from "./metrics.ts";
import { attribute } from "./names.ts";

/** The metrics of limits. */
export function createLimitMetrics(): LimitsTelemetry {
  const admitted = counter(metric.limitsAdmitted);
  const refused = counter(metric.limitsRefused);
  const near = counter(metric.limitsNear);
  const local = upDownCounter(metric.limitsLocal);
  const reaped = counter(metric.limitsReaped);
  const dropped = counter(metric.limitsDropped);
  // A counter that begins with its first event shows no increase by it, and money is what alerts ask for.
  for (const reason of ["SPEND_LIMIT", "GROUP_SPEND_LIMIT"]) {
    near.add(0, { [attribute.errorType]: reason });
  }
  return {
    admitted: () => admitted.add(1),
    refused: (reason) => refused.add(1, { [attribute.errorType]: reason }),
    nearlyUsed: (reason) => near.add(1, { [attribute.errorType]: reason }),
    local: (isLocal) => local.add(isLocal ? 1 : -1),
    reaped: (count) => reaped.add(count),
    dropped: (count) => dropped.add(count),
  };
}
