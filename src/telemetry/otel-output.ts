// Metrics of the output: its rhythm, and the tokens that were estimated.
import { type Attributes, metrics } from "@opentelemetry/api";
import type { TargetName } from "../domain/generation.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute, metric, SCOPE } from "./names.ts";
import type { Rhythm } from "./telemetry.ts";

const GAP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const RATES = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const ERRORS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2];

export function createOutputMetrics(labels: ModelLabels) {
  const meter = metrics.getMeter(SCOPE);
  const histogram = (name: string, unit: string, description: string, bounds: number[]) =>
    meter.createHistogram(name, {
      unit,
      description,
      advice: { explicitBucketBoundaries: bounds },
    });
  const gaps = histogram(
    metric.chunkGap,
    "s",
    "Time between two content chunks: p50, p95 and the longest of an attempt.",
    GAP_SECONDS,
  );
  const stalls = meter.createCounter(metric.stalls, {
    unit: "{stall}",
    description: "Gaps of more than two seconds in the output of a provider.",
  });
  const chunkRate = histogram(metric.chunkRate, "{chunk}/s", "Content chunks a second.", RATES);
  const characterRate = histogram(
    metric.characterRate,
    "{character}/s",
    "Characters of output text a second.",
    RATES,
  );
  const estimates = meter.createCounter(metric.tokenEstimates, {
    unit: "{estimate}",
    description: "Texts whose tokens were counted here because no provider reported them.",
  });
  const errors = histogram(
    metric.tokenEstimateError,
    "1",
    "Relative error of the estimator that learns, at each report of a provider.",
    ERRORS,
  );
  const labelsOf = (target: TargetName): Attributes => ({
    [attribute.instance]: target.provider,
    [attribute.model]: labels.of(target),
  });

  return {
    recordEstimate(target: TargetName, estimator: string) {
      estimates.add(1, { ...labelsOf(target), [attribute.estimator]: estimator });
    },
    recordEstimateError(target: TargetName, error: number) {
      errors.record(error, labelsOf(target));
    },
    recordRhythm(shared: Attributes, rhythm: Rhythm) {
      const { chunkGapP50Ms, chunkGapP95Ms, chunkGapMaxMs, stallCount, contentMs } = rhythm;
      const quantiles = { p50: chunkGapP50Ms, p95: chunkGapP95Ms, max: chunkGapMaxMs };
      for (const [quantile, ms] of Object.entries(quantiles)) {
        if (ms !== undefined) gaps.record(ms / 1000, { ...shared, [attribute.quantile]: quantile });
      }
      if (stallCount > 0) stalls.add(stallCount, shared);
      if (contentMs <= 0) return;
      chunkRate.record((rhythm.chunkCount / contentMs) * 1000, shared);
      characterRate.record((rhythm.characterCount / contentMs) * 1000, shared);
    },
  };
}
