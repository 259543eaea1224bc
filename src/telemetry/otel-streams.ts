import { metrics } from "@opentelemetry/api";
import { attribute, metric, SCOPE } from "./names.ts";
import type { StreamTelemetry } from "./stream-telemetry.ts";

const COMMIT_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
];
const RESUME_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const GAP_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 30, 60];
const BATCH_EVENTS = [1, 2, 4, 8, 16, 32, 64];

/** Metrics of stored streams: see `Telemetry.streams`. */
export function createStreamMetrics(
  store: string,
  held: (() => number) | undefined,
): Omit<StreamTelemetry, "startTakeover"> {
  const meter = metrics.getMeter(SCOPE);
  const labels = { [attribute.store]: store };
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description });
  const seconds = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit: "s", description, advice: { explicitBucketBoundaries } });

  const created = counter(metric.streamsCreated, "{stream}", "Streams that were stored.");
  const ended = counter(metric.streamsEnded, "{stream}", "Streams that ended, by how.");
  const active = meter.createUpDownCounter(metric.streamsActive, {
    unit: "{stream}",
    description: "Streams that this replica writes.",
  });
  const resumed = counter(
    metric.streamsResumed,
    "{call}",
    "Readers with a cursor that have ended, by how.",
  );
  const resumeTime = seconds(
    metric.resumeLatency,
    "From a reader's call to its first event.",
    RESUME_SECONDS,
  );
  const readers = meter.createUpDownCounter(metric.readersActive, {
    unit: "{reader}",
    description: "Readers of stored streams.",
  });
  const fills = counter(metric.readerFills, "{read}", "Reads for what was not pushed, by cause.");
  const appends = counter(metric.storeAppends, "{append}", "Appends, by result.");
  const commitDelay = seconds(
    metric.commitDelay,
    "From an event to the acknowledgement of its store.",
    COMMIT_SECONDS,
  );
  const batches = meter.createHistogram(metric.appendEvents, {
    unit: "{event}",
    description: "Events of an append.",
    advice: { explicitBucketBoundaries: BATCH_EVENTS },
  });
  const losses = counter(metric.writersLost, "{writer}", "Writers that stopped early, by cause.");
  const degraded = meter.createUpDownCounter(metric.storeDegraded, {
    unit: "1",
    description: "1 while the store is away.",
  });
  if (held !== undefined) {
    const description = "Memory of this process that stored streams take.";
    meter
      .createObservableGauge(metric.storeHeld, { unit: "By", description })
      .addCallback((result) => result.observe(held(), labels));
  }
  const reaped = counter(metric.streamsReaped, "{stream}", "Streams past their retention.");
  const takeovers = counter(metric.takeovers, "{stream}", "Streams taken over, by result.");
  const gaps = seconds(
    metric.takeoverGap,
    "From the last event of a lost owner to the takeover.",
    GAP_SECONDS,
  );

  return {
    created() {
      created.add(1, labels);
      active.add(1, labels);
    },
    ended(phase) {
      active.add(-1, labels);
      ended.add(1, { ...labels, [attribute.streamPhase]: phase });
    },
    resumed: (result) => resumed.add(1, { ...labels, [attribute.result]: result }),
    resumeLatency: (ms) => resumeTime.record(ms / 1000, labels),
    readers: (change) => readers.add(change, labels),
    filled: (cause) => fills.add(1, { ...labels, [attribute.cause]: cause }),
    appended(result, events, waitedMs) {
      appends.add(1, { ...labels, [attribute.result]: result });
      if (result !== "stored" && result !== "repeated") return;
      commitDelay.record(waitedMs / 1000, labels);
      batches.record(events, labels);
    },
    lost: (cause) => losses.add(1, { ...labels, [attribute.cause]: cause }),
    degraded: (isDown) => degraded.add(isDown ? 1 : -1, labels),
    reaped: (streams) => reaped.add(streams, labels),
    takenOver(result, gapMs) {
      takeovers.add(1, { ...labels, [attribute.result]: result });
      gaps.record(gapMs / 1000, labels);
    },
  };
}
