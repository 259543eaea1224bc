import type { MetricDefinition } from "../../src/telemetry/metric-definition.ts";
import { metric } from "../../src/telemetry/metrics.ts";
import { prometheusName } from "../../src/telemetry/prometheus-name.ts";
import { WORKER_METRICS } from "../../src/workers/worker-metrics.ts";
import type { ServiceProcess } from "./service.ts";

/** A sample of a page of metrics. */
export interface Sample {
  /** With `_bucket`, `_sum` or `_count` if it belongs to a histogram. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const SAMPLE = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/g;

/** The page of metrics of a service, as text. */
export async function metricsPage(service: ServiceProcess): Promise<string> {
  const response = await fetch(`http://${service.log[0]?.["metrics"]}/metrics`);
  if (response.status !== 200) throw new Error(`the answer is ${response.status}`);
  return response.text();
}

export function samplesOf(page: string): Sample[] {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name = "", labels = "", value] = SAMPLE.exec(line) ?? [];
    if (value === undefined) throw new Error(`no sample: ${line}`);
    const pairs = [...labels.matchAll(LABEL)].map(
      ([, key = "", text = ""]) => [key, text] as const,
    );
    return { name, labels: new Map(pairs), value: Number(value) };
  });
}

/** The names of the samples of each metric, with its definition. */
const KNOWN: ReadonlyMap<string, MetricDefinition> = new Map(
  Object.values<MetricDefinition>(metric).flatMap((definition) => {
    const name = prometheusName(definition);
    const ends = definition.kind === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    return ends.map((end) => [`${name}${end}`, definition] as const);
  }),
);

const underscored = (label: string): string => label.replaceAll(".", "_");

/** What expressions can name: samples and labels. */
export const NAMES: ReadonlySet<string> = new Set([
  ...KNOWN.keys(),
  ...[...KNOWN.values()].flatMap(({ labels }) => labels.map(underscored)),
  ...Object.values(WORKER_METRICS).map(([name]) => name),
]);

/** Parts of a sample that the reference does not have. */
export function sampleProblems({ name, labels }: Sample): string[] {
  const definition = KNOWN.get(name);
  if (definition === undefined) return [`the reference has no ${name}`];
  const known = [...definition.labels.map(underscored), "le"];
  const odd = [...labels.keys()].filter((label) => !known.includes(label));
  return odd.map((label) => `${name} has ${label}, which the reference does not give it`);
}
