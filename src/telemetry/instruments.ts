// Creates instruments from the definitions of metrics.
import {
  type AttributeValue,
  type Counter,
  type Histogram,
  metrics,
  type ObservableCounter,
  type ObservableGauge,
  type UpDownCounter,
} from "@opentelemetry/api";
import type { MetricDefinition } from "./metric-definition.ts";
import { SCOPE } from "./names.ts";

/** The labels of a metric. */
export type LabelsOf<Definition extends MetricDefinition> = {
  readonly [Name in Definition["labels"][number]]?: AttributeValue;
};

const meter = () => metrics.getMeter(SCOPE);

export function counter<Definition extends MetricDefinition & { readonly kind: "counter" }>({
  name,
  unit,
  description,
}: Definition): Counter<LabelsOf<Definition>> {
  return meter().createCounter(name, { unit, description });
}

export function upDownCounter<
  Definition extends MetricDefinition & { readonly kind: "up-down counter" },
>({ name, unit, description }: Definition): UpDownCounter<LabelsOf<Definition>> {
  return meter().createUpDownCounter(name, { unit, description });
}

export function histogram<Definition extends MetricDefinition & { readonly kind: "histogram" }>({
  name,
  unit,
  description,
  boundaries = [],
}: Definition): Histogram<LabelsOf<Definition>> {
  const advice = { explicitBucketBoundaries: [...boundaries] };
  return meter().createHistogram(name, { unit, description, advice });
}

export function gauge<Definition extends MetricDefinition & { readonly kind: "gauge" }>({
  name,
  unit,
  description,
}: Definition): ObservableGauge<LabelsOf<Definition>> {
  return meter().createObservableGauge(name, { unit, description });
}

export function observedCounter<
  Definition extends MetricDefinition & { readonly kind: "observed counter" },
>({ name, unit, description }: Definition): ObservableCounter<LabelsOf<Definition>> {
  return meter().createObservableCounter(name, { unit, description });
}
