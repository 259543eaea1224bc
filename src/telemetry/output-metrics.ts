// Metrics of the output: its rhythm, and estimated tokens.
import type { TargetName } from "../domain/generation.ts";
import { counter, histogram, type LabelsOf } from "./instruments.ts";
import { metric } from "./metrics.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute } from "./names.ts";
import type { Rhythm } from "./telemetry.ts";

export function createOutputMetrics(labels: ModelLabels) {
  const gaps = histogram(metric.chunkGap);
  const stalls = counter(metric.stalls);
  const chunkRate = histogram(metric.chunkRate);
  const characterRate = histogram(metric.characterRate);
  const estimates = counter(metric.tokenEstimates);
  const errors = histogram(metric.tokenEstimateError);
  const labelsOf = (target: TargetName) => ({
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
    recordRhythm(shared: LabelsOf<typeof metric.stalls>, rhythm: Rhythm) {
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
