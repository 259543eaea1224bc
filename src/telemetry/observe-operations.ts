import { metrics } from "@opentelemetry/api";
import type { LocalOperations } from "../domain/operations.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute, metric, SCOPE } from "./names.ts";

const STATES = ["closed", "half-open", "open"] as const;

/** Circuits, budgets and queues as metrics. They are read when they are exported, at no other time. */
export function observeOperations(
  { status }: Pick<LocalOperations, "status">,
  models: ModelLabels,
): void {
  const meter = metrics.getMeter(SCOPE);
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description });
  const circuit = gauge(metric.circuitState, "1", "1 for the state a circuit is in, 0 for others.");
  const budget = gauge(metric.retryBudget, "1", "What is left of the retry budget, 0 to 1.");
  const inFlight = gauge(metric.inFlight, "{attempt}", "Attempts that run.");
  const queued = gauge(metric.queued, "{call}", "Calls that wait for a slot.");
  const hedges = meter.createObservableCounter(metric.hedges, {
    unit: "{attempt}",
    description: "Rival attempts, by whether they delivered the first content.",
  });
  meter.addBatchObservableCallback(
    (result) => {
      const { providers, retries } = status();
      for (const [id, provider] of providers) {
        const labels = { [attribute.instance]: id };
        result.observe(budget, provider.retryBudget, labels);
        result.observe(inFlight, provider.inFlight, labels);
        result.observe(queued, provider.queued, labels);
        for (const [model, { state, isUnlisted }] of Object.entries(provider.modelCircuits)) {
          // What has no label of its own shares one with circuits in other states.
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
