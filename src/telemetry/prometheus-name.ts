import type { MetricDefinition } from "./metric-definition.ts";

/** Suffixes of units, as OpenTelemetry's rules for Prometheus have them. */
const SUFFIXES: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

function suffixOf({ unit, kind }: Pick<MetricDefinition, "unit" | "kind">): string | undefined {
  if (unit === "1") return kind === "gauge" ? "ratio" : undefined;
  // A unit in braces is a word for what is counted.
  return unit.endsWith("}/s") ? "per_second" : SUFFIXES[unit];
}

/**
 * The name of a metric in Prometheus, with its unit, as collectors write it too. Of a histogram, Prometheus has this
 * name with `_bucket`, `_sum` and `_count`.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function prometheusName(metric: Pick<MetricDefinition, "name" | "unit" | "kind">): string {
  const suffix = suffixOf(metric);
  const name = [metric.name.replaceAll(".", "_"), ...(suffix === undefined ? [] : [suffix])];
  if (metric.kind === "counter" || metric.kind === "observed counter") name.push("total");
  return name.join("_");
}
