import { metrics } from "@opentelemetry/api";
import type { LocalOperations } from "../domain/operations.ts";
import { gauge, type LabelsOf, observedCounter } from "./instruments.ts";
import { metric } from "./metrics.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute, SCOPE } from "./names.ts";

type Labels = LabelsOf<typeof metric.circuitState> & LabelsOf<typeof metric.hedges>;

const STATES = ["closed", "half-open", "open"] as const;

/** Metrics of circuits, budgets and queues, which are read only at export. */
export function observeOperations(
  { status }: Pick<LocalOperations, "status">,
  models: ModelLabels,
): void {
  const circuit = gauge(metric.circuitState);
  const budget = gauge(metric.retryBudget);
  const inFlight = gauge(metric.inFlight);
  const queued = gauge(metric.queued);
  const hedges = observedCounter(metric.hedges);
  metrics.getMeter(SCOPE).addBatchObservableCallback<Labels>(
    (result) => {
      const { providers, retries } = status();
      for (const [id, provider] of providers) {
        const labels = { [attribute.instance]: id };
        result.observe(budget, provider.retryBudget, labels);
        result.observe(inFlight, provider.inFlight, labels);
        result.observe(queued, provider.queued, labels);
        for (const [model, { state, isUnlisted }] of Object.entries(provider.modelCircuits)) {
          // A model without its own label would share a label with circuits in other states.
          if (isUnlisted && !models.isNamed({ provider: id, model, isUnlisted })) continue;
          for (const each of STATES) {
            result.observe(circuit, each === state ? 1 : 0, {
              ...labels,
              [attribute.model]: model,
              [attribute.circuitState]: each,
            });
          }
        }
      }
      for (const [id, counts] of retries) {
        const labels = { [attribute.instance]: id };
        const lost = counts.hedges - counts.hedgeWins;
        result.observe(hedges, counts.hedgeWins, { ...labels, [attribute.hedgeWon]: true });
        result.observe(hedges, lost, { ...labels, [attribute.hedgeWon]: false });
      }
    },
    [circuit, budget, inFlight, queued, hedges],
  );
}
