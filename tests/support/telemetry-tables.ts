import { ATTRIBUTE_ROWS } from "../../src/telemetry/attribute-rows.ts";
import type { AttributeName, MetricDefinition } from "../../src/telemetry/metric-definition.ts";
import { metric } from "../../src/telemetry/metrics.ts";
import { prometheusName } from "../../src/telemetry/prometheus-name.ts";
import { span } from "../../src/telemetry/spans.ts";
import type { PageTable } from "./page-tables.ts";

interface AnySpan {
  readonly name: string;
  readonly kind: string;
  readonly variable?: string;
  readonly description: string;
  readonly attributes: readonly AttributeName[];
}

const METRICS: readonly MetricDefinition[] = Object.values(metric);
const SPANS: readonly AnySpan[] = Object.values(span);

const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => texts.map(code).join(", ") || "–";

function spansWith(name: AttributeName): string {
  const found = SPANS.filter(({ attributes }) => attributes.includes(name));
  return list(found.map((each) => each.name.trim()));
}

function valuesOf(name: AttributeName): string {
  const { values, inWords = "" } = ATTRIBUTE_ROWS[name];
  return values === undefined ? inWords : list(values);
}

/** The tables of `docs/metrics.md` and `docs/traces.md`. */
export const telemetryTables: Readonly<Record<string, PageTable>> = {
  metrics: {
    head: ["metric", "in Prometheus", "kind", "unit", "labels", "meaning"],
    rows: METRICS.map((metric) => [
      code(metric.name),
      code(prometheusName(metric)),
      metric.kind,
      code(metric.unit),
      list(metric.labels),
      metric.description,
    ]),
  },
  spans: {
    head: ["span", "kind", "attributes", "meaning"],
    rows: SPANS.map(({ name, variable, kind, attributes, description }) => [
      code(name.trim()) + (variable === undefined ? "" : `, then the ${variable}`),
      kind,
      list(attributes),
      description,
    ]),
  },
  attributes: {
    head: ["attribute", "values", "spans", "meaning"],
    rows: (Object.keys(ATTRIBUTE_ROWS) as AttributeName[]).map((name) => [
      code(name),
      valuesOf(name),
      spansWith(name),
      ATTRIBUTE_ROWS[name].meaning,
    ]),
  },
};

/** A metric or a span as a collector receives it. */
export interface Exported {
  readonly name: string;
  readonly unit?: string;
  readonly attributes: ReadonlyMap<string, unknown>;
}

function attributeProblems(
  { name, attributes }: Exported,
  allowed: readonly AttributeName[],
): string[] {
  return [...attributes].flatMap(([key, value]) => {
    const known = allowed.find((each) => each === key);
    if (known === undefined) return [`${name} has ${key}, which the reference does not give it`];
    const { values } = ATTRIBUTE_ROWS[known];
    const words = Array.isArray(value) ? value.map(String) : [String(value)];
    const odd = values === undefined ? [] : words.filter((word) => !values.includes(word));
    return odd.map((word) => `${name} has ${key}=${word}, which the reference does not have`);
  });
}

/** Parts of a metric that the reference does not have. */
export function metricProblems(exported: Exported): string[] {
  const known = METRICS.find(({ name }) => name === exported.name);
  if (known === undefined) return [`the reference has no metric ${exported.name}`];
  const unit = exported.unit === known.unit ? [] : [`${known.name} has the unit ${exported.unit}`];
  return [...unit, ...attributeProblems(exported, known.labels)];
}

/** Parts of a span that the reference does not have. */
export function spanProblems(exported: Exported): string[] {
  const known = SPANS.find(({ name, variable }) =>
    variable === undefined ? exported.name === name : exported.name.startsWith(name),
  );
  if (known === undefined) return [`the reference has no span ${exported.name}`];
  return attributeProblems(exported, known.attributes);
}
