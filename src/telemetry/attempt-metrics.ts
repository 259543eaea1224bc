import type { attemptAttributes } from "./attempt-attributes.ts";
import type { CallerLabels } from "./caller-labels.ts";
import { counter, histogram, type LabelsOf } from "./instruments.ts";
import { createJsonMetrics } from "./json-metrics.ts";
import { metric } from "./metrics.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute } from "./names.ts";
import type { createOutputMetrics } from "./output-metrics.ts";
import type { AttemptInfo, AttemptResult } from "./telemetry.ts";

/** Costs are in trillionths, metrics in whole units of the currency. */
const PICOS_PER_UNIT = 1e12;

/** Labels whose values are names that others make up. */
export interface Labels {
  readonly models: ModelLabels;
  readonly callers: CallerLabels;
}

type UsageLabels = Omit<LabelsOf<typeof metric.tokenUsage>, typeof attribute.tokenType>;

/** Metrics of attempts that have ended. */
export class AttemptMetrics {
  readonly #labels: Labels;
  readonly #output: ReturnType<typeof createOutputMetrics>;
  readonly #durations = histogram(metric.operationDuration);
  readonly #tokens = histogram(metric.tokenUsage);
  readonly #costs = counter(metric.cost);
  readonly #firstChunks = histogram(metric.timeToFirstChunk);
  readonly #chunks = histogram(metric.timePerOutputChunk);
  readonly #recordJson = createJsonMetrics();

  constructor(labels: Labels, output: ReturnType<typeof createOutputMetrics>) {
    this.#labels = labels;
    this.#output = output;
  }

  /** `own`: the attributes of the attempt's span. */
  record(
    info: AttemptInfo,
    own: ReturnType<typeof attemptAttributes>,
    result: AttemptResult,
  ): void {
    if (result.outcome === "succeeded") this.#labels.models.answered(info);
    const model = this.#labels.models.of(info, info.providerModel);
    const shared = { ...own, [attribute.requestModel]: model };
    const failed =
      result.errorKind === undefined ? {} : { [attribute.errorType]: result.errorKind };
    const all = { ...shared, ...failed };
    this.#durations.record(result.durationMs / 1000, all);
    this.#recordUsage(result, { ...shared, ...this.#labels.callers.of(info.caller) });
    this.#recordJson(result, shared);
    if (info.stream) this.#recordStream(result, all);
  }

  #recordUsage({ usage, cost }: AttemptResult, shared: UsageLabels): void {
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
