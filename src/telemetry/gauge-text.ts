import type { MetricDefinition } from "./metric-definition.ts";
import { prometheusName } from "./prometheus-name.ts";

/** A gauge with one sample in Prometheus' text format, for a process that has no instruments. */
export function gaugeText(
  definition: MetricDefinition & { readonly kind: "gauge" },
  labels: Readonly<Record<string, string>>,
  value: number,
): string {
  const name = prometheusName(definition);
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label.replaceAll(".", "_")}="${text}"`,
  );
  const comments = `# HELP ${name} ${definition.description}\n# TYPE ${name} gauge\n`;
  return `${comments}${name}{${pairs}} ${value}\n`;
}
