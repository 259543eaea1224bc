import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Attempt } from "../../gen/service/steer/v1/error_pb.ts";
import {
  FinishReason,
  type Generation,
  type Timing,
} from "../../gen/service/steer/v1/generation_pb.ts";
import type { Cost, Usage } from "../../gen/service/steer/v1/usage_pb.ts";
import type * as money from "../domain/cost.ts";
import type { ErrorReason } from "../domain/error-reasons.ts";
import { errorRow } from "../domain/error-table.ts";
import type { ErrorKind, ProviderFailure } from "../domain/gateway-error.ts";
import type * as domain from "../domain/generation.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { WarningReason } from "../domain/warning-reasons.ts";
import { decodeMessage } from "./decode-content.ts";
import {
  COST_SOURCES,
  FINISH_REASONS,
  OUTCOMES,
  TRIGGERS,
  USAGE_SOURCES,
} from "./encode-generation.ts";
import { kindOf } from "./error-category.ts";

// Another version can have written an enum value that this one does not know. It becomes the value that promises
// least.

/** Milliseconds since the epoch; 0 if the time is not set. */
export function decodeTime(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1_000 + time.nanos / 1_000_000;
}

/** Milliseconds with microseconds; 0 if the duration is not set. */
export function decodeDuration(duration: Duration | undefined): number {
  if (duration === undefined) return 0;
  // A single division gives exactly the encoded number.
  return (Number(duration.seconds) * 1_000_000 + duration.nanos / 1_000) / 1_000;
}

export function decodeUsage(usage: Usage): TokenUsage {
  const { cacheReadTokens, cacheWriteTokens, cacheWriteLongTokens, reasoningTokens } = usage;
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    source: USAGE_SOURCES.words.get(usage.source) ?? "estimated",
    ...(cacheReadTokens !== undefined && { cacheReadTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
    ...(cacheWriteLongTokens !== undefined && { cacheWriteLongTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
    ...(usage.estimator !== "" && { estimator: usage.estimator }),
    ...(usage.confidence !== undefined && { confidence: usage.confidence }),
  };
}

/** Every amount is exact, because the gateway writes no cost that a double cannot hold. */
export function decodeCost(cost: Cost): money.Cost {
  return {
    currency: cost.currencyCode,
    totalPicos: Number(cost.totalPicos),
    inputPicos: Number(cost.inputPicos),
    cacheReadPicos: Number(cost.cacheReadPicos),
    cacheWritePicos: Number(cost.cacheWritePicos),
    outputPicos: Number(cost.outputPicos),
    otherPicos: Number(cost.otherPicos),
    source: COST_SOURCES.words.get(cost.source) ?? "mixed",
    priceTableVersion: cost.priceTableVersion,
  };
}

/** The reason; undefined if it is that of the kind. A reason of another version is passed on. */
export function decodeReason(kind: ErrorKind, reason: string): ErrorReason | undefined {
  return reason === "" || reason === errorRow(kind, undefined).reason
    ? undefined
    : (reason as ErrorReason);
}

/** The provider's description of the failure; undefined if the attempt has none. */
export function decodeProviderFailure(attempt: Attempt): ProviderFailure | undefined {
  const { providerErrorCode: code, providerHttpStatus: httpStatus, providerRequestId } = attempt;
  if (code === "" && httpStatus === 0 && providerRequestId === "") return undefined;
  return {
    ...(code !== "" && { code }),
    ...(httpStatus !== 0 && { httpStatus }),
    ...(providerRequestId !== "" && { requestId: providerRequestId }),
  };
}

function decodeFailure(attempt: Attempt): Partial<domain.Attempt> {
  const errorKind = kindOf(attempt.errorCategory);
  const errorReason = errorKind && decodeReason(errorKind, attempt.reason);
  const providerFailure = decodeProviderFailure(attempt);
  return {
    ...(errorKind !== undefined && { errorKind }),
    ...(errorReason !== undefined && { errorReason }),
    ...(attempt.errorMessage !== "" && { errorMessage: attempt.errorMessage }),
    ...(providerFailure !== undefined && { providerFailure }),
  };
}

export function decodeAttempt(attempt: Attempt): domain.Attempt {
  const { timeToFirstToken, usage, cost } = attempt;
  return {
    index: attempt.index,
    provider: attempt.provider,
    model: attempt.model,
    trigger: TRIGGERS.words.get(attempt.trigger) ?? "retry",
    outcome: OUTCOMES.words.get(attempt.outcome) ?? "failed",
    ...decodeFailure(attempt),
    startTimeMs: decodeTime(attempt.startTime),
    durationMs: decodeDuration(attempt.duration),
    delayMs: decodeDuration(attempt.delay),
    delayFromProvider: attempt.delayFromProvider,
    outputDelivered: attempt.outputDelivered,
    ...(timeToFirstToken !== undefined && {
      timeToFirstTokenMs: decodeDuration(timeToFirstToken),
    }),
    ...(usage !== undefined && { usage: decodeUsage(usage) }),
    ...(cost !== undefined && { cost: decodeCost(cost) }),
  };
}

function decodeTiming(timing: Timing | undefined): domain.Timing {
  const { timeToFirstToken, chunkGapP50, chunkGapP95, chunkGapMax } = timing ?? {};
  return {
    totalMs: decodeDuration(timing?.total),
    queuedMs: decodeDuration(timing?.queued),
    retryDelayMs: decodeDuration(timing?.retryDelay),
    stallCount: timing?.stallCount ?? 0,
    chunkCount: timing?.chunkCount ?? 0,
    characterCount: timing?.characterCount ?? 0,
    ...(timeToFirstToken !== undefined && { timeToFirstTokenMs: decodeDuration(timeToFirstToken) }),
    ...(chunkGapP50 !== undefined && { chunkGapP50Ms: decodeDuration(chunkGapP50) }),
    ...(chunkGapP95 !== undefined && { chunkGapP95Ms: decodeDuration(chunkGapP95) }),
    ...(chunkGapMax !== undefined && { chunkGapMaxMs: decodeDuration(chunkGapMax) }),
  };
}

function decodeFinishReason(reason: FinishReason): domain.Generation["finishReason"] {
  if (reason === FinishReason.UNSPECIFIED) return undefined;
  return FINISH_REASONS.words.get(reason) ?? "other";
}

/** The result, as far as the message has it: output that was left out is "" or undefined. */
export function decodeGeneration(generation: Generation): domain.Generation {
  const { message, usage, totalUsage, cost } = generation;
  return {
    generationId: generation.generationId,
    requestedModel: generation.requestedModel,
    provider: generation.provider,
    model: generation.model,
    providerModel: generation.providerModel,
    providerResponseId: generation.providerResponseId,
    message: message && decodeMessage(message),
    finishReason: decodeFinishReason(generation.finishReason),
    providerFinishReason: generation.providerFinishReason,
    outputJson: generation.outputJson,
    outputText: generation.outputText,
    usage: usage && decodeUsage(usage),
    totalUsage: totalUsage && decodeUsage(totalUsage),
    cost: cost && decodeCost(cost),
    attempts: generation.attempts.map(decodeAttempt),
    timing: decodeTiming(generation.timing),
    warnings: generation.warnings.map(({ reason, message: text, field }) => ({
      reason: reason as WarningReason,
      message: text,
      field,
    })),
    providerApi: generation.providerApi,
    providerMetadata: generation.providerMetadata,
    createTimeMs: decodeTime(generation.createTime),
  };
}
