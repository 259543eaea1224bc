import type { attemptAttributes } from "./attempt-attributes.ts";
import { counter, histogram, type LabelsOf } from "./instruments.ts";
import { createJsonMetrics } from "./json-metrics.ts";
import { metric } from "./metrics.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute } from "./names.ts";
import type { createOutputMetrics } from "./output-metrics.ts";
import type { AttemptInfo, AttemptResult } from "./telemetry.ts";

/** Costs are in trillionths, metrics in whole units of the currency. */
const PICOS_PER_UNIT = 1e12;

/** Metrics of attempts that have ended. */
export class AttemptMetrics {
  readonly #labels: ModelLabels;
  readonly #output: ReturnType<typeof createOutputMetrics>;
  readonly #durations = histogram(metric.operationDuration);
  readonly #tokens = histogram(metric.tokenUsage);
  readonly #costs = counter(metric.cost);
  readonly #firstChunks = histogram(metric.timeToFirstChunk);
  readonly #chunks = histogram(metric.timePerOutputChunk);
  readonly #recordJson = createJsonMetrics();

  constructor(labels: ModelLabels, output: ReturnType<typeof createOutputMetrics>) {
    this.#labels = labels;
    this.#output = output;
  }

  /** `own`: the attributes of the attempt's span. */
  record(
    info: AttemptInfo,
    own: ReturnType<typeof attemptAttributes>,
    result: AttemptResult,
  ): void {
    if (result.outcome === "succeeded") this.#labels.answered(info);
    const shared = { ...own, [attribute.requestModel]: this.#labels.of(info, info.providerModel) };
    const failed =
      result.errorKind === undefined ? {} : { [attribute.errorType]: result.errorKind };
    const all = { ...shared, ...failed };
    this.#durations.record(result.durationMs / 1000, all);
    this.#recordUsage(result, shared);
    this.#recordJson(result, shared);
    if (info.stream) this.#recordStream(result, all);
  }

  #recordUsage({ usage, cost }: AttemptResult, shared: LabelsOf<typeof metric.jsonUnits>): void {
    if (usage !== undefined) {
      this.#tokens.record(usage.inputTokens, { ...shared, [attribute.tokenType]: "input" });
      this.#tokens.record(usage.outputTokens, { ...shared, [attribute.tokenType]: "output" });
    }
    if (cost === undefined) return;
    const priced = { [attribute.currency]: cost.currency, [attribute.costSource]: cost.source };
    this.#costs.add(cost.totalPicos / PICOS_PER_UNIT, { ...shared, ...priced });
  }

  #recordStream(result: AttemptResult, all: LabelsOf<typeof metric.stalls>): void {
    const { timeToFirstTokenMs, timePerChunkMs } = result;
    if (timeToFirstTokenMs !== undefined) this.#firstChunks.record(timeToFirstTokenMs / 1000, all);
    const rhythm = result.rhythm?.();
    if (rhythm !== undefined) this.#output.recordRhythm(all, rhythm);
    if (timePerChunkMs !== undefined) this.#chunks.record(timePerChunkMs / 1000, all);
  }
}
