// Destination of usage records: one for each attempt and one for each call.
import type { Cost } from "../domain/cost.ts";
import type { Attempt, Generation } from "../domain/generation.ts";
import type { JsonObject } from "../domain/json.ts";
import type { TokenUsage } from "../domain/token-usage.ts";

/** Facts about the call of a record. */
export interface CallFacts {
  readonly generationId: string;
  readonly caller: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly stream: boolean;
}

export type UsageRecord =
  | (CallFacts & { readonly type: "attempt"; readonly attempt: Attempt })
  | (CallFacts & {
      readonly type: "call";
      readonly state: "succeeded" | "failed";
      readonly errorKind: string | undefined;
      /** The result, or its known part. */
      readonly generation: Generation;
    });

/** Accepts records without blocking. Receives exactly one for each attempt and for each call that ends here. */
export interface UsageSink {
  record(record: UsageRecord): void;
}

function usageFields(usage: TokenUsage | undefined): JsonObject {
  if (usage === undefined) return {};
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const { cacheWriteLongTokens, reasoningTokens, source, estimator, confidence } = usage;
  const { unseenOutputTokens } = usage;
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    ...(cacheReadTokens !== undefined && { cache_read_tokens: cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
    ...(cacheWriteLongTokens !== undefined && { cache_write_long_tokens: cacheWriteLongTokens }),
    ...(reasoningTokens !== undefined && { reasoning_tokens: reasoningTokens }),
    ...(unseenOutputTokens !== undefined && { unseen_output_tokens: unseenOutputTokens }),
    usage_source: source,
    ...(estimator !== undefined && { estimator }),
    ...(confidence !== undefined && { confidence }),
  };
}

function costFields(cost: Cost | undefined): JsonObject {
  if (cost === undefined) return {};
  return {
    cost_picos: cost.totalPicos,
    currency: cost.currency,
    cost_source: cost.source,
    ...(cost.priceTableVersion !== "" && { price_table_version: cost.priceTableVersion }),
  };
}

function ownFields(record: UsageRecord): JsonObject {
  if (record.type === "attempt") {
    const { attempt } = record;
    return {
      attempt: attempt.index,
      provider: attempt.provider,
      model: attempt.model,
      trigger: attempt.trigger,
      outcome: attempt.outcome,
      start_time_ms: Math.round(attempt.startTimeMs),
      duration_ms: Math.round(attempt.durationMs),
      ...(attempt.errorKind !== undefined && { error: attempt.errorKind }),
      ...usageFields(attempt.usage),
      ...costFields(attempt.cost),
    };
  }
  const { generation, state, errorKind } = record;
  const { finishReason } = generation;
  return {
    requested_model: generation.requestedModel,
    provider: generation.provider,
    model: generation.model,
    outcome: state,
    attempts: generation.attempts.filter(({ outcome }) => outcome !== "skipped").length,
    start_time_ms: Math.round(generation.createTimeMs),
    duration_ms: Math.round(generation.timing.totalMs),
    ...(errorKind !== undefined && { error: errorKind }),
    ...(finishReason !== undefined && { finish_reason: finishReason }),
    ...usageFields(generation.totalUsage),
    ...costFields(generation.cost),
  };
}

/** A record as an object of JSON: identifiers, counts and money, never content. */
export function encodeUsageRecord(record: UsageRecord): JsonObject {
  const { type, generationId, caller, labels, stream } = record;
  return {
    type,
    generation_id: generationId,
    caller,
    stream,
    ...ownFields(record),
    ...(Object.keys(labels).length > 0 && { labels: { ...labels } }),
  };
}
