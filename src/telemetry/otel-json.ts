import { type Attributes, metrics } from "@opentelemetry/api";
import { metric, SCOPE } from "./names.ts";
import type { AttemptResult } from "./telemetry.ts";

/** Counters of what the JSON handler of streams finds. */
export function createJsonMetrics(): (result: AttemptResult, labels: Attributes) => void {
  const counter = (name: string, unit: string, description: string) =>
    metrics.getMeter(SCOPE).createCounter(name, { unit, description });
  const documents = counter(metric.jsonDocuments, "{document}", "JSON documents that ended.");
  const changes = counter(metric.jsonChanges, "{event}", "JSON deltas of streams.");
  const units = counter(metric.jsonUnits, "{unit}", "UTF-16 units read for JSON.");
  const malformed = counter(metric.jsonMalformed, "{document}", "JSON documents that never ended.");
  return ({ json }, labels) => {
    if (json === undefined) return;
    documents.add(json.documents, labels);
    changes.add(json.changes, labels);
    units.add(json.units, labels);
    malformed.add(json.malformed, labels);
  };
}
