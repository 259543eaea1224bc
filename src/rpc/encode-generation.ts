import { type JsonObject, toBinary } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Attempt,
  AttemptOutcome,
  AttemptTrigger,
  ErrorCategory,
} from "../../gen/service/steer/v1/error_pb.ts";
import {
  FinishReason,
  type Generation,
  GenerationSchema,
  type Timing,
  type Warning as WarningMessage,
} from "../../gen/service/steer/v1/generation_pb.ts";
import {
  type Cost,
  CostSource,
  type Usage,
  UsageSource,
} from "../../gen/service/steer/v1/usage_pb.ts";
import type * as money from "../domain/cost.ts";
import { errorRow } from "../domain/error-table.ts";
import type * as domain from "../domain/generation.ts";
import type { Part } from "../domain/generation-spec.ts";
import type * as provider from "../domain/provider-event.ts";
import {
  type UsageSource as DomainUsageSource,
  type TokenUsage,
  tokenSum,
} from "../domain/token-usage.ts";
import type { Warning } from "../domain/warning.ts";
import { encodeMessage } from "./encode-content.ts";
import { enumTable } from "./enum-table.ts";
import { categoryOf } from "./error-category.ts";

export const USAGE_SOURCES = enumTable<DomainUsageSource, UsageSource>({
  provider: UsageSource.PROVIDER,
  estimated: UsageSource.ESTIMATED,
  mixed: UsageSource.MIXED,
});

export const COST_SOURCES = enumTable<money.CostSource, CostSource>({
  "price-table": CostSource.PRICE_TABLE,
  provider: CostSource.PROVIDER,
  mixed: CostSource.MIXED,
});

export const FINISH_REASONS = enumTable<provider.FinishReason, FinishReason>({
  stop: FinishReason.STOP,
  "stop-sequence": FinishReason.STOP_SEQUENCE,
  "max-tokens": FinishReason.MAX_TOKENS,
  "context-length": FinishReason.CONTEXT_LENGTH,
  "tool-calls": FinishReason.TOOL_CALLS,
  "content-filter": FinishReason.CONTENT_FILTER,
  refusal: FinishReason.REFUSAL,
  paused: FinishReason.PAUSED,
  other: FinishReason.OTHER,
  budget: FinishReason.BUDGET,
});

export const TRIGGERS = enumTable<domain.AttemptTrigger, AttemptTrigger>({
  initial: AttemptTrigger.INITIAL,
  retry: AttemptTrigger.RETRY,
  failover: AttemptTrigger.FAILOVER,
  hedge: AttemptTrigger.HEDGE,
  continuation: AttemptTrigger.CONTINUATION,
  takeover: AttemptTrigger.TAKEOVER,
  repair: AttemptTrigger.REPAIR,
});

export const OUTCOMES = enumTable<domain.AttemptOutcome, AttemptOutcome>({
  running: AttemptOutcome.RUNNING,
  succeeded: AttemptOutcome.SUCCEEDED,
  failed: AttemptOutcome.FAILED,
  cancelled: AttemptOutcome.CANCELLED,
  skipped: AttemptOutcome.SKIPPED,
  superseded: AttemptOutcome.SUPERSEDED,
});

/** Whole milliseconds since the epoch as a timestamp. */
export function encodeTime(ms: number): Timestamp {
  const whole = Math.round(ms);
  const seconds = Math.floor(whole / 1_000);
  const nanos = (whole - seconds * 1_000) * 1_000_000;
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos };
}

/** In microseconds, because the gateway's own share is below a millisecond. */
export function encodeDuration(ms: number): Duration {
  const micros = Math.round(ms * 1_000);
  const seconds = Math.trunc(micros / 1_000_000);
  const nanos = (micros - seconds * 1_000_000) * 1_000;
  return { $typeName: "google.protobuf.Duration", seconds: BigInt(seconds), nanos };
}

// Messages are literals, which cost a third of the library's `create`. A literal lacks no field: the compiler requires
// all but optional ones and messages.

export function encodeUsage(usage: TokenUsage): Usage {
  const { cacheReadTokens, cacheWriteTokens, cacheWriteLongTokens } = usage;
  const { reasoningTokens, confidence } = usage;
  const encoded: Usage = {
    $typeName: "steer.v1.Usage",
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    totalTokens: tokenSum(usage.inputTokens, usage.outputTokens),
    source: USAGE_SOURCES.values[usage.source],
    estimator: usage.estimator ?? "",
  };
  if (cacheReadTokens !== undefined) encoded.cacheReadTokens = cacheReadTokens;
  if (cacheWriteTokens !== undefined) encoded.cacheWriteTokens = cacheWriteTokens;
  if (cacheWriteLongTokens !== undefined) encoded.cacheWriteLongTokens = cacheWriteLongTokens;
  if (reasoningTokens !== undefined) encoded.reasoningTokens = reasoningTokens;
  if (confidence !== undefined) encoded.confidence = confidence;
  return encoded;
}

export function encodeCost(cost: money.Cost): Cost {
  return {
    $typeName: "steer.v1.Cost",
    currencyCode: cost.currency,
    totalPicos: BigInt(cost.totalPicos),
    inputPicos: BigInt(cost.inputPicos),
    cacheReadPicos: BigInt(cost.cacheReadPicos),
    cacheWritePicos: BigInt(cost.cacheWritePicos),
    outputPicos: BigInt(cost.outputPicos),
    otherPicos: BigInt(cost.otherPicos),
    source: COST_SOURCES.values[cost.source],
    priceTableVersion: cost.priceTableVersion,
  };
}

export function encodeAttempt(attempt: domain.Attempt): Attempt {
  const { errorKind, providerFailure: failure, delayMs, timeToFirstTokenMs } = attempt;
  const encoded: Attempt = {
    $typeName: "steer.v1.Attempt",
    index: attempt.index,
    provider: attempt.provider,
    model: attempt.model,
    trigger: TRIGGERS.values[attempt.trigger],
    outcome: OUTCOMES.values[attempt.outcome],
    errorMessage: attempt.errorMessage ?? "",
    providerErrorCode: failure?.code ?? "",
    providerHttpStatus: failure?.httpStatus ?? 0,
    providerRequestId: failure?.requestId ?? "",
    startTime: encodeTime(attempt.startTimeMs),
    duration: encodeDuration(attempt.durationMs),
    outputDelivered: attempt.outputDelivered,
    delayFromProvider: delayMs > 0 && attempt.delayFromProvider,
    errorCategory: errorKind === undefined ? ErrorCategory.UNSPECIFIED : categoryOf(errorKind),
    reason: errorKind === undefined ? "" : errorRow(errorKind, attempt.errorReason).reason,
  };
  if (delayMs > 0) encoded.delay = encodeDuration(delayMs);
  if (timeToFirstTokenMs !== undefined) {
    encoded.timeToFirstToken = encodeDuration(timeToFirstTokenMs);
  }
  if (attempt.usage !== undefined) encoded.usage = encodeUsage(attempt.usage);
  if (attempt.cost !== undefined) encoded.cost = encodeCost(attempt.cost);
  return encoded;
}

function encodeTiming(timing: domain.Timing): Timing {
  const { queuedMs, retryDelayMs, timeToFirstTokenMs } = timing;
  const { chunkGapP50Ms, chunkGapP95Ms, chunkGapMaxMs } = timing;
  const encoded: Timing = {
    $typeName: "steer.v1.Timing",
    total: encodeDuration(timing.totalMs),
    stallCount: timing.stallCount,
    chunkCount: timing.chunkCount,
    characterCount: timing.characterCount,
  };
  if (queuedMs > 0) encoded.queued = encodeDuration(queuedMs);
  if (retryDelayMs > 0) encoded.retryDelay = encodeDuration(retryDelayMs);
  if (timeToFirstTokenMs !== undefined) {
    encoded.timeToFirstToken = encodeDuration(timeToFirstTokenMs);
  }
  if (chunkGapP50Ms !== undefined) encoded.chunkGapP50 = encodeDuration(chunkGapP50Ms);
  if (chunkGapP95Ms !== undefined) encoded.chunkGapP95 = encodeDuration(chunkGapP95Ms);
  if (chunkGapMaxMs !== undefined) encoded.chunkGapMax = encodeDuration(chunkGapMaxMs);
  return encoded;
}

function encodeWarning({ reason, message, field }: Warning): WarningMessage {
  return { $typeName: "steer.v1.Warning", reason, message, field };
}

/** How much of the output a result carries. Its text is in several fields. */
export type OutputDetail = "all" | "message" | "none";

/** The result. `message` leaves out the copies of its text, `none` also the message. */
export function encodeGeneration(generation: domain.Generation, detail: OutputDetail): Generation {
  const { finishReason, message, outputJson, usage, totalUsage, cost, warnings } = generation;
  const encoded: Generation = {
    $typeName: "steer.v1.Generation",
    generationId: generation.generationId,
    requestedModel: generation.requestedModel,
    provider: generation.provider,
    model: generation.model,
    providerModel: generation.providerModel,
    providerResponseId: generation.providerResponseId,
    finishReason:
      finishReason === undefined ? FinishReason.UNSPECIFIED : FINISH_REASONS.values[finishReason],
    providerFinishReason: generation.providerFinishReason,
    attempts: generation.attempts.map(encodeAttempt),
    timing: encodeTiming(generation.timing),
    warnings: (detail === "message" ? [...warnings, COPIES_OMITTED] : warnings).map(encodeWarning),
    providerMetadata: generation.providerMetadata as Record<string, JsonObject>,
    createTime: encodeTime(generation.createTimeMs),
    outputText: detail === "all" ? generation.outputText : "",
    providerApi: generation.providerApi,
  };
  if (detail !== "none" && message !== undefined) encoded.message = encodeMessage(message);
  if (detail === "all" && outputJson !== undefined) encoded.outputJson = outputJson;
  if (usage !== undefined) encoded.usage = encodeUsage(usage);
  if (totalUsage !== undefined) {
    // For a call with one attempt, the total is the same.
    const own = totalUsage === usage ? encoded.usage : undefined;
    encoded.totalUsage = own ?? encodeUsage(totalUsage);
  }
  if (cost !== undefined) encoded.cost = encodeCost(cost);
  return encoded;
}

/** Most gRPC clients accept 4 MiB; the rest is for the fields around a result or a part. */
export const MAX_CONTENT_BYTES = 4 * 1024 * 1024 - 64 * 1024;

/** A generation with less text than this, in UTF-16 units, is small enough without measuring. */
const SURELY_SMALL_UNITS = 256 * 1024;

const COPIES_OMITTED: Warning = {
  reason: "OUTPUT_TEXT_OMITTED",
  message: "output_text and output_json would exceed the message limit; read message",
  field: "output_text",
};

function isPlainText(part: Part): boolean {
  return part.type === "text" && part.annotations === undefined && part.logprobs === undefined;
}

/** The result with as much output as a client accepts. */
export function encodeWithinLimit(generation: domain.Generation): {
  readonly generation: Generation;
  readonly detail: OutputDetail;
} {
  const all = encodeGeneration(generation, "all");
  const onlyText = generation.message?.parts.every(isPlainText) ?? true;
  if (onlyText && generation.outputText.length < SURELY_SMALL_UNITS) {
    return { generation: all, detail: "all" };
  }
  const fits = (each: Generation): boolean =>
    toBinary(GenerationSchema, each).length <= MAX_CONTENT_BYTES;
  if (fits(all)) return { generation: all, detail: "all" };
  const message = encodeGeneration(generation, "message");
  if (fits(message)) return { generation: message, detail: "message" };
  return { generation: encodeGeneration(generation, "none"), detail: "none" };
}
