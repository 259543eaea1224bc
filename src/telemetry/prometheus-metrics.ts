import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { MetricDefinition } from "./metric-definition.ts";
import { metric } from "./metrics.ts";
import { prometheusName } from "./prometheus-name.ts";

type Collected = Awaited<ReturnType<PrometheusExporter["collect"]>>["resourceMetrics"];
type CollectedMetric = Collected["scopeMetrics"][number]["metrics"][number];

/** The serializer leaves units out of names, while collectors have them there. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.values<MetricDefinition>(metric).map((each) => [each.name, prometheusName(each)]),
);

/** The name says the unit. */
function named(collected: CollectedMetric): CollectedMetric {
  const { descriptor } = collected;
  const name = NAMES.get(descriptor.name) ?? descriptor.name;
  return { ...collected, descriptor: { ...descriptor, name, unit: "" } };
}

/** All metrics in Prometheus' text format; the exporter's own listener, which has no bounds, is not started. */
export class PrometheusMetrics {
  /** To be given to the SDK. */
  readonly reader = new PrometheusExporter({ preventServerStart: true });
  /** Without the resource, whose command line can have secrets, and without the scope, which is always the same. */
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  /** Collects the metrics as they are now. Rejects if one of them cannot be read. */
  async read(): Promise<string> {
    const { resourceMetrics, errors } = await this.reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, "metrics cannot be read");
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map(named),
    }));
    return this.#serializer.serialize({ ...resourceMetrics, scopeMetrics });
  }
}
