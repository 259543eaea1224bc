import { counter, gauge, histogram, upDownCounter } from "./instruments.ts";
import { metric } from "./metrics.ts";
import { attribute } from "./names.ts";
import type { StreamTelemetry } from "./stream-telemetry.ts";

/** Metrics of stored streams: see `Telemetry.streams`. */
export function createStreamMetrics(
  store: string,
  held: (() => number) | undefined,
): Omit<StreamTelemetry, "startTakeover"> {
  const labels = { [attribute.store]: store };
  const created = counter(metric.streamsCreated);
  const ended = counter(metric.streamsEnded);
  const active = upDownCounter(metric.streamsActive);
  const resumed = counter(metric.streamsResumed);
  const resumeTime = histogram(metric.resumeLatency);
  const readers = upDownCounter(metric.readersActive);
  const fills = counter(metric.readerFills);
  const appends = counter(metric.storeAppends);
  const commitDelay = histogram(metric.commitDelay);
  const batches = histogram(metric.appendEvents);
  const losses = counter(metric.writersLost);
  const degraded = upDownCounter(metric.storeDegraded);
  if (held !== undefined) {
    gauge(metric.storeHeld).addCallback((result) => result.observe(held(), labels));
  }
  const reaped = counter(metric.streamsReaped);
  const takeovers = counter(metric.takeovers);
  const gaps = histogram(metric.takeoverGap);

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
