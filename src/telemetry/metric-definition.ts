import type { attribute } from "./names.ts";

export type AttributeName = (typeof attribute)[keyof typeof attribute];

export interface MetricDefinition {
  readonly name: string;
  readonly kind: "counter" | "up-down counter" | "histogram" | "gauge" | "observed counter";
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly AttributeName[];
  /** Bucket boundaries of a histogram. */
  readonly boundaries?: readonly number[];
}

/** A metric other than a histogram. */
export function simple<
  const Kind extends Exclude<MetricDefinition["kind"], "histogram">,
  const Labels extends readonly AttributeName[],
>(kind: Kind, [name, unit, description]: readonly [string, string, string], labels: Labels) {
  return { name, kind, unit, description, labels };
}

export function buckets<const Labels extends readonly AttributeName[]>(
  [name, unit, description]: readonly [string, string, string],
  labels: Labels,
  boundaries: readonly number[],
) {
  return { name, kind: "histogram" as const, unit, description, labels, boundaries };
}
