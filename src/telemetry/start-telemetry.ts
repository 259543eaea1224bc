import { monitorEventLoopDelay } from "node:perf_hooks";
import { metrics } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import type { Clock } from "../clock.ts";
import type { LocalOperations } from "../domain/operations.ts";
import { CallerLabels } from "./caller-labels.ts";
import { DelayWindows } from "./delay-windows.ts";
import { gauge } from "./instruments.ts";
import { metric } from "./metrics.ts";
import { ModelLabels } from "./model-labels.ts";
import { SCOPE } from "./names.ts";
import { observeOperations } from "./observe-operations.ts";
import { OtelTelemetry } from "./otel.ts";
import { PrometheusMetrics } from "./prometheus-metrics.ts";
import type { Telemetry } from "./telemetry.ts";

/** Resolution of the event-loop histogram in milliseconds. */
const RESOLUTION_MS = 10;

const NANOSECONDS = 1e9;

/** Delay of the event loop. Every call in the process waits this long. */
function observeEventLoop(clock: Clock): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const windows = new DelayWindows(clock, histogram);
  const mean = gauge(metric.eventLoopMean);
  const p99 = gauge(metric.eventLoopP99);
  const max = gauge(metric.eventLoopMax);
  metrics.getMeter(SCOPE).addBatchObservableCallback(
    (result) => {
      const delays = windows.read();
      if (delays === undefined) return;
      result.observe(mean, delays.mean / NANOSECONDS);
      result.observe(p99, delays.p99 / NANOSECONDS);
      result.observe(max, delays.max / NANOSECONDS);
    },
    [mean, p99, max],
  );
  return () => histogram.disable();
}

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly serviceName: string;
  /** Exports spans and metrics as the standard `OTEL_*` variables say. */
  readonly isExported: boolean;
  /** Keeps the metrics for Prometheus. */
  readonly isScraped: boolean;
  readonly callerLabels: boolean;
}

export interface StartedTelemetry {
  readonly telemetry: Telemetry;
  /** Exports the status for operators as metrics. */
  observe(operations: LocalOperations): void;
  /** The metrics in Prometheus' text format; undefined: not available. */
  readonly readMetrics: (() => Promise<string>) | undefined;
  /** Exports pending data and stops. */
  shutdown(): Promise<void>;
}

/** No exporter, whatever the variables say. */
const NOT_EXPORTED = { metricReaders: [], spanProcessors: [], logRecordProcessors: [] };

function createSdk({ serviceName, isExported }: TelemetryOptions, scraped?: PrometheusMetrics) {
  const shared = { instrumentations: [], serviceName };
  const sdk = new NodeSDK(isExported ? shared : { ...shared, ...NOT_EXPORTED });
  if (scraped === undefined) return sdk;
  // The SDK takes readers from its options or from the variables, and here it needs both.
  const readers = sdk["_meterProviderConfig"]?.readers;
  if (readers === undefined) throw new Error("the SDK has no list of metric readers");
  readers.push(scraped.reader);
  return sdk;
}

/** Starts the OpenTelemetry SDK. Importing this file loads the SDK. */
export function startTelemetry(options: TelemetryOptions): StartedTelemetry {
  const { clock, isScraped, callerLabels } = options;
  const scraped = isScraped ? new PrometheusMetrics() : undefined;
  const sdk = createSdk(options, scraped);
  sdk.start();
  const stopObserving = observeEventLoop(clock);
  const models = new ModelLabels();
  return {
    telemetry: new OtelTelemetry(clock, { models, callers: new CallerLabels(callerLabels) }),
    observe: (operations) => observeOperations(operations, models),
    readMetrics: scraped && (() => scraped.read()),
    async shutdown() {
      stopObserving();
      await sdk.shutdown();
    },
  };
}
