// Events of a stream as generators: each is one that the contract carries as it is.
import fc from "fast-check";
import type { Cost } from "../../src/domain/cost.ts";
import { ERROR_REASONS, type ErrorReason } from "../../src/domain/error-reasons.ts";
import { ERROR_KINDS, errorRow } from "../../src/domain/error-table.ts";
import { GatewayError, type ProviderFailure } from "../../src/domain/gateway-error.ts";
import type {
  Attempt,
  Generation,
  StreamEvent,
  StreamEventBody,
  TargetName,
  Timing,
} from "../../src/domain/generation.ts";
import type { TokenUsage } from "../../src/domain/token-usage.ts";
import type { Warning } from "../../src/domain/warning.ts";
import { WARNING_REASONS, type WarningReason } from "../../src/domain/warning-reasons.ts";
import { ACTIONS, DURABILITIES } from "../../src/rpc/encode-event.ts";
import { FINISH_REASONS, OUTCOMES, TRIGGERS } from "../../src/rpc/encode-generation.ts";
import {
  count,
  double,
  jsonObject,
  jsonText,
  logprobs,
  maybe,
  outputMessage,
  outputPart,
  record,
  text,
  word,
} from "./arbitrary-content.ts";

function keys<Key extends string>(table: Readonly<Record<Key, unknown>>): fc.Arbitrary<Key> {
  return fc.constantFrom(...(Object.keys(table) as Key[]));
}

const timeMs = fc.nat(2 ** 42);
/** Milliseconds with their microseconds; 1016.036 is not the sum of 1000 and 16.036. */
const ms = fc
  .oneof(fc.constant(1_016_036), fc.nat(5_000), fc.nat(2 ** 31 - 1))
  .map((micros) => micros / 1_000);
const picos = fc.maxSafeNat();
const target = record<Omit<TargetName, "isUnlisted">>({ provider: text, model: text });

const usage = record<Omit<TokenUsage, "unseenOutputTokens">>(
  {
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    cacheWriteLongTokens: count,
    reasoningTokens: count,
    source: fc.constantFrom("provider", "estimated", "mixed"),
    estimator: word,
    confidence: double,
  },
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWriteLongTokens",
  "reasoningTokens",
  "estimator",
  "confidence",
);

const cost = record<Cost>({
  currency: text,
  totalPicos: picos,
  inputPicos: picos,
  cacheReadPicos: picos,
  cacheWritePicos: picos,
  outputPicos: picos,
  otherPicos: picos,
  source: fc.constantFrom("price-table", "provider", "mixed"),
  priceTableVersion: text,
});

type Failure = Pick<Attempt, "errorKind" | "errorReason">;

/** A kind, with a reason that is not the kind's own or none. */
const failure: fc.Arbitrary<Required<Pick<Failure, "errorKind">> & Failure> = fc
  .tuple(fc.constantFrom(...ERROR_KINDS), maybe(keys(ERROR_REASONS)))
  .map(([errorKind, errorReason]) =>
    errorReason === undefined || errorReason === errorRow(errorKind, undefined).reason
      ? { errorKind }
      : { errorKind, errorReason },
  );

const providerFailure = record<Pick<ProviderFailure, "code" | "httpStatus" | "requestId">>(
  { code: word, httpStatus: fc.integer({ min: 1, max: 599 }), requestId: word },
  "httpStatus",
  "requestId",
);

const attemptFields = record<
  Omit<Attempt, "isUnlisted" | "errorKind" | "errorReason" | "delayMs" | "delayFromProvider">
>(
  {
    index: count,
    provider: text,
    model: text,
    trigger: keys(TRIGGERS.values),
    outcome: keys(OUTCOMES.values),
    errorMessage: word,
    providerFailure,
    startTimeMs: timeMs,
    durationMs: ms,
    timeToFirstTokenMs: ms,
    usage,
    cost,
    outputDelivered: fc.boolean(),
  },
  "errorMessage",
  "providerFailure",
  "timeToFirstTokenMs",
  "usage",
  "cost",
);
const attempt: fc.Arbitrary<Attempt> = fc
  .tuple(attemptFields, fc.option(failure, { nil: {} }), ms, fc.boolean())
  .map(([fields, failed, delayMs, asked]) => ({
    ...fields,
    ...failed,
    delayMs,
    delayFromProvider: asked && delayMs > 0,
  }));

const timing = record<Timing>(
  {
    totalMs: ms,
    timeToFirstTokenMs: ms,
    queuedMs: ms,
    retryDelayMs: ms,
    chunkGapP50Ms: ms,
    chunkGapP95Ms: ms,
    chunkGapMaxMs: ms,
    stallCount: count,
    chunkCount: count,
    characterCount: count,
  },
  "timeToFirstTokenMs",
  "chunkGapP50Ms",
  "chunkGapP95Ms",
  "chunkGapMaxMs",
);

const warning = record<Warning>({
  reason: keys(WARNING_REASONS) as fc.Arbitrary<WarningReason>,
  message: text,
  field: text,
});

const generation = record<Generation>({
  generationId: text,
  requestedModel: text,
  provider: text,
  model: text,
  providerModel: text,
  providerResponseId: text,
  message: maybe(outputMessage),
  finishReason: maybe(keys(FINISH_REASONS.values)),
  providerFinishReason: text,
  providerApi: text,
  outputJson: maybe(jsonText),
  outputText: text,
  usage: maybe(usage),
  totalUsage: maybe(usage),
  cost: maybe(cost),
  attempts: fc.array(attempt, { maxLength: 3 }),
  timing,
  warnings: fc.array(warning, { maxLength: 2 }),
  providerMetadata: fc.dictionary(word, jsonObject, { maxKeys: 2, noNullPrototype: true }),
  createTimeMs: timeMs,
});

const error = fc
  .tuple(failure, text, maybe(fc.nat(2 ** 31 - 1)))
  .map(([{ errorKind, errorReason }, message, retryAfterMs]) => {
    const options: { reason?: ErrorReason; retryAfterMs?: number } = {
      ...(errorReason !== undefined && { reason: errorReason }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
    // The message of an internal error is not told.
    return new GatewayError(
      errorKind,
      errorKind === "internal" ? "internal error" : message,
      options,
    );
  });

type Body<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

const jsonDelta = fc
  .tuple(
    record<Omit<Body<"json-delta">, "append" | "valueJson">>({
      type: fc.constant("json-delta"),
      partIndex: count,
      documentIndex: count,
      pointer: text,
      final: fc.boolean(),
    }),
    fc.oneof(
      fc.constant({}),
      text.map((append) => ({ append })),
      jsonText.map((valueJson) => ({ valueJson })),
    ),
  )
  .map(([fields, change]): Body<"json-delta"> => ({ ...fields, ...change }));

/** A generator for each kind of event. The contract carries all of them but the output of failures and omitted messages. */
export const eventBodies: {
  readonly [Type in StreamEventBody["type"]]: fc.Arbitrary<Body<Type>>;
} = {
  start: record<Body<"start">>(
    {
      type: fc.constant("start"),
      streamId: text,
      generationId: text,
      requestedModel: text,
      target,
      createTimeMs: timeMs,
      durability: keys(DURABILITIES.values),
      retentionMs: ms,
    },
    "retentionMs",
  ),
  "text-delta": record<Body<"text-delta">>(
    { type: fc.constant("text-delta"), partIndex: count, text, logprobs },
    "logprobs",
  ),
  "reasoning-delta": record<Body<"reasoning-delta">>({
    type: fc.constant("reasoning-delta"),
    partIndex: count,
    text,
  }),
  "tool-call-delta": record<Body<"tool-call-delta">>(
    {
      type: fc.constant("tool-call-delta"),
      partIndex: count,
      id: word,
      name: word,
      argumentsFragment: text,
    },
    "id",
    "name",
  ),
  "json-delta": jsonDelta,
  "part-end": record<Omit<Body<"part-end">, "added" | "isShort">>(
    { type: fc.constant("part-end"), partIndex: count, part: outputPart },
    "part",
  ),
  usage: record<Body<"usage">>({
    type: fc.constant("usage"),
    usage,
    cost: maybe(cost),
    final: fc.boolean(),
  }),
  "attempt-notice": record<Body<"attempt-notice">>({
    type: fc.constant("attempt-notice"),
    notice: record<Body<"attempt-notice">["notice"]>({
      failed: attempt,
      action: keys(ACTIONS.values),
      next: target,
      delayMs: ms,
      discardOutput: fc.boolean(),
    }),
  }),
  complete: record<Body<"complete">>({
    type: fc.constant("complete"),
    generation,
    message: fc.constantFrom("whole", "omitted"),
    firstOutputSequence: count,
  }),
  error: record<Body<"error">>({
    type: fc.constant("error"),
    failure: record<Body<"error">["failure"]>({ error, partial: generation }),
  }),
  heartbeat: record<Body<"heartbeat">>({
    type: fc.constant("heartbeat"),
    isUndurable: fc.boolean(),
  }),
};

/** An event around a body. */
export function eventWith(body: fc.Arbitrary<StreamEventBody>): fc.Arbitrary<StreamEvent> {
  return record<StreamEvent>(
    { sequence: count, attemptIndex: count, eventTimeMs: timeMs, body },
    "eventTimeMs",
  );
}
