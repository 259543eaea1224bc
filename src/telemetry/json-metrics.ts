import { counter, type LabelsOf } from "./instruments.ts";
import { metric } from "./metrics.ts";
import type { AttemptResult } from "./telemetry.ts";

/** Counters of the JSON handler of streams. */
export function createJsonMetrics() {
  const documents = counter(metric.jsonDocuments);
  const changes = counter(metric.jsonChanges);
  const units = counter(metric.jsonUnits);
  const malformed = counter(metric.jsonMalformed);
  return ({ json }: AttemptResult, labels: LabelsOf<typeof metric.jsonUnits>): void => {
    if (json === undefined) return;
    documents.add(json.documents, labels);
    changes.add(json.changes, labels);
    units.add(json.units, labels);
    malformed.add(json.malformed, labels);
  };
}
