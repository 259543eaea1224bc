// Meaning and values of the attributes of spans and metrics: `docs/traces.md`.
import type { AttemptTrigger } from "../domain/generation.ts";
import type { RetryDecision } from "../domain/operations.ts";
import type { FinishReason } from "../domain/provider-event.ts";
import type { AttributeName } from "./metric-definition.ts";
import { attribute } from "./names.ts";

interface AttributeRow {
  readonly meaning: string;
  /** All possible values. */
  readonly values?: readonly string[];
  /** Replaces `values` if the values cannot be listed. */
  readonly inWords?: string;
}

/** The words of a type. A missing or additional word does not compile. */
const wordsOf = <Word extends string>(words: Readonly<Record<Word, true>>): readonly string[] =>
  Object.keys(words);

const MODEL =
  "a listed model, one of at most 256 other models of the instance that have answered, or `_other`";
const NUMBER = "number";
const KINDS = "a category of [ErrorCategory](api.md#errorcategory) such as `rate-limit`";

const TRIGGERS = wordsOf<AttemptTrigger>({
  initial: true,
  retry: true,
  failover: true,
  hedge: true,
  continuation: true,
  repair: true,
  takeover: true,
});

const REASONS = wordsOf<RetryDecision["reason"]>({
  "explicit-hint": true,
  classifier: true,
  policy: true,
  attempts: true,
  deadline: true,
  budget: true,
  "circuit-open": true,
  "output-delivered": true,
});

const ENDS = wordsOf<FinishReason>({
  stop: true,
  "stop-sequence": true,
  "max-tokens": true,
  "context-length": true,
  "tool-calls": true,
  "content-filter": true,
  refusal: true,
  paused: true,
  other: true,
  budget: true,
});

const conventions = {
  [attribute.rpcSystem]: {
    meaning: "protocol of the call",
    values: ["grpc", "connectrpc", "http"],
  },
  [attribute.rpcMethod]: { meaning: "full name of the method", inWords: "a method of the service" },
  [attribute.rpcStatus]: { meaning: "code of the status", inWords: "a name of gRPC's codes" },
  [attribute.errorType]: {
    meaning: "the kind of the failure; unset: success",
    inWords: `${KINDS}, or \`draining\``,
  },
  [attribute.operation]: {
    meaning: "a generation, or a count of tokens by the provider",
    values: ["chat", "count_tokens"],
  },
  [attribute.provider]: {
    meaning: "the vendor",
    inWords: "a type of `providers[].type`; `x_ai` for xAI",
  },
  [attribute.requestModel]: { meaning: "the provider's name of the model", inWords: MODEL },
  [attribute.requestMaxTokens]: { meaning: "the output limit that was sent", inWords: NUMBER },
  [attribute.requestStream]: {
    meaning: "whether a stream was requested",
    values: ["true", "false"],
  },
  [attribute.responseId]: { meaning: "the provider's identifier of its answer", inWords: "text" },
  [attribute.responseModel]: {
    meaning: "the model that answered, as its provider says",
    inWords: "text",
  },
  [attribute.finishReasons]: {
    meaning: "the finish reason, as a list with one entry",
    values: ENDS,
  },
  [attribute.timeToFirstChunk]: {
    meaning: "time from sending to the first content",
    inWords: "seconds",
  },
  [attribute.inputTokens]: { meaning: "tokens of the prompt", inWords: NUMBER },
  [attribute.outputTokens]: { meaning: "tokens of the output", inWords: NUMBER },
  [attribute.cacheReadTokens]: {
    meaning: "tokens read from the provider's cache",
    inWords: NUMBER,
  },
  [attribute.cacheWriteTokens]: {
    meaning: "tokens written to the provider's cache",
    inWords: NUMBER,
  },
  [attribute.tokenType]: { meaning: "the kind of tokens", values: ["input", "output"] },
} as const;

const own = {
  [attribute.instance]: { meaning: "the provider instance", inWords: "an id of `providers[].id`" },
  [attribute.model]: { meaning: "the callers' name of the model", inWords: MODEL },
  [attribute.caller]: {
    meaning: "the caller, with `telemetry.caller_labels`",
    inWords:
      "an id of `callers[].id` for the first 256 callers, or `_other`; unset: no known caller",
  },
  [attribute.attemptIndex]: {
    meaning: "number of the attempt in its call, from 1",
    inWords: NUMBER,
  },
  [attribute.attemptTrigger]: { meaning: "the reason of the attempt", values: TRIGGERS },
  [attribute.attemptOutcome]: {
    meaning: "the outcome of the attempt",
    values: ["succeeded", "failed", "cancelled", "superseded"],
  },
  [attribute.category]: { meaning: "the kind of the failure", inWords: KINDS },
  [attribute.decision]: { meaning: "whether another attempt follows", values: ["retry", "fail"] },
  [attribute.decisionReason]: { meaning: "the rule that decided", values: REASONS },
  [attribute.delay]: { meaning: "length of the wait", inWords: "seconds" },
  [attribute.circuitState]: {
    meaning: "a state of circuits",
    values: ["closed", "half-open", "open"],
  },
  [attribute.hedgeWon]: {
    meaning: "whether the rival delivered the first content",
    values: ["true", "false"],
  },
  [attribute.stream]: { meaning: "whether the call is a stream", values: ["true", "false"] },
  [attribute.store]: { meaning: "the kind of the store", values: ["memory", "sqlite", "redis"] },
  [attribute.result]: {
    meaning: "the result",
    inWords:
      "appends: `stored`, `repeated`, `overlap`, `gap`, `fenced`, `closed`, `gone`; takeovers: `taken`, `ended`; readers: `ok`, or a [reason](errors.md)",
  },
  [attribute.cause]: {
    meaning: "the cause",
    values: ["gap", "writer", "poll", "overflow", "left", "fenced", "lost", "unavailable"],
  },
  [attribute.streamPhase]: {
    meaning:
      "the end of the stream; `left`: this process no longer writes the stream, which continues elsewhere or is lost",
    values: ["completed", "failed", "cancelled", "left"],
  },
  [attribute.costPicos]: { meaning: "the cost of the attempt", inWords: "10⁻¹² of the currency" },
  [attribute.currency]: {
    meaning: "the currency of the cost",
    inWords: "a code of the price table",
  },
  [attribute.costSource]: {
    meaning: "the source of the price",
    values: ["price-table", "provider", "mixed"],
  },
  [attribute.estimator]: {
    meaning: "the estimator of the tokens",
    inWords: "an estimator of [accounting.md](accounting.md#estimates)",
  },
  [attribute.quantile]: { meaning: "the quantile of the gaps", values: ["p50", "p95", "max"] },
  [attribute.epoch]: { meaning: "number of the stream's owner, from 1", inWords: NUMBER },
  [attribute.jsonDocuments]: { meaning: "JSON documents that ended", inWords: NUMBER },
  [attribute.jsonChanges]: { meaning: "JSON deltas", inWords: NUMBER },
  [attribute.jsonUnits]: { meaning: "UTF-16 units read for JSON", inWords: NUMBER },
  [attribute.jsonMalformed]: { meaning: "JSON documents that never ended", inWords: NUMBER },
} as const;

/** One row for each attribute. A missing row does not compile. */
export const ATTRIBUTE_ROWS: Readonly<Record<AttributeName, AttributeRow>> = {
  ...conventions,
  ...own,
};
