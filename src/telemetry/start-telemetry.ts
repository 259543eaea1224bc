import { monitorEventLoopDelay } from "node:perf_hooks";
import { metrics } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { Clock } from "../clock.ts";
import type { LocalOperations } from "../domain/operations.ts";
import { gauge } from "./instruments.ts";
import { metric } from "./metrics.ts";
import { ModelLabels } from "./model-labels.ts";
import { SCOPE } from "./names.ts";
import { observeOperations } from "./observe-operations.ts";
import { OtelTelemetry } from "./otel.ts";
import type { Telemetry } from "./telemetry.ts";

/** Resolution of the event-loop histogram in milliseconds. */
const RESOLUTION_MS = 10;

const NANOSECONDS = 1e9;

/** Delay of the event loop since the last export. Every call in the process waits this long. */
function observeEventLoop(): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const mean = gauge(metric.eventLoopMean);
  const p99 = gauge(metric.eventLoopP99);
  const max = gauge(metric.eventLoopMax);
  metrics.getMeter(SCOPE).addBatchObservableCallback(
    (result) => {
      if (delay.count === 0) return;
      result.observe(mean, delay.mean / NANOSECONDS);
      result.observe(p99, delay.percentile(99) / NANOSECONDS);
      result.observe(max, delay.max / NANOSECONDS);
      delay.reset();
    },
    [mean, p99, max],
  );
  return () => delay.disable();
}

export interface StartedTelemetry {
  readonly telemetry: Telemetry;
  /** Exports the status for operators as metrics. */
  observe(operations: LocalOperations): void;
  /** Exports pending data and stops. */
  shutdown(): Promise<void>;
}

/** Starts the OpenTelemetry SDK with the standard `OTEL_*` variables. Importing this file loads the SDK. */
export function startTelemetry(clock: Clock, serviceName: string | undefined): StartedTelemetry {
  const sdk = new NodeSDK({
    instrumentations: [],
    ...(serviceName !== undefined && { serviceName }),
  });
  sdk.start();
  const stopObserving = observeEventLoop();
  const labels = new ModelLabels();
  return {
    telemetry: new OtelTelemetry(clock, labels),
    observe: (operations) => observeOperations(operations, labels),
    async shutdown() {
      stopObserving();
      await sdk.shutdown();
    },
  };
}
