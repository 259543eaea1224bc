// All spans of the service, as `docs/traces.md` lists them.
import type { AttributeValue } from "@opentelemetry/api";
import type { AttributeName } from "./metric-definition.ts";
import { attribute } from "./names.ts";

interface SpanDefinition {
  /** The constant beginning of the span's name. */
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "INTERNAL";
  /** The variable end of the name. Unset: the name does not vary. */
  readonly variable?: string;
  readonly description: string;
  readonly attributes: readonly AttributeName[];
}

const DECISION = [
  attribute.instance,
  attribute.category,
  attribute.decision,
  attribute.decisionReason,
] as const;

export const span = {
  call: {
    name: "steer.",
    variable: "full name of the method",
    kind: "SERVER",
    description: "One call, below the span of the caller's `traceparent`.",
    attributes: [
      attribute.rpcSystem,
      attribute.rpcMethod,
      attribute.rpcStatus,
      attribute.errorType,
    ],
  },
  attempt: {
    name: "chat ",
    variable: "provider's name of the model",
    kind: "CLIENT",
    description: "One attempt at a provider, linked to the previous attempt.",
    attributes: [
      attribute.operation,
      attribute.provider,
      attribute.instance,
      attribute.requestModel,
      attribute.model,
      attribute.requestStream,
      attribute.requestMaxTokens,
      attribute.attemptIndex,
      attribute.attemptTrigger,
      attribute.attemptOutcome,
      attribute.errorType,
      attribute.responseModel,
      attribute.responseId,
      attribute.finishReasons,
      attribute.timeToFirstChunk,
      attribute.inputTokens,
      attribute.outputTokens,
      attribute.cacheReadTokens,
      attribute.cacheWriteTokens,
      attribute.costPicos,
      attribute.currency,
      attribute.jsonDocuments,
      attribute.jsonChanges,
      attribute.jsonUnits,
      attribute.jsonMalformed,
    ],
  },
  count: {
    name: "count_tokens ",
    variable: "provider's name of the model",
    kind: "CLIENT",
    description: "One request for a provider's count of tokens, linked to the previous attempt.",
    attributes: [
      attribute.operation,
      attribute.provider,
      attribute.instance,
      attribute.requestModel,
      attribute.model,
      attribute.requestStream,
      attribute.attemptIndex,
      attribute.attemptTrigger,
      attribute.attemptOutcome,
      attribute.errorType,
    ],
  },
  backoff: {
    name: "backoff",
    kind: "INTERNAL",
    description: "A wait between two attempts, linked to the previous attempt.",
    attributes: [...DECISION, attribute.delay],
  },
  takeover: {
    name: "takeover",
    kind: "INTERNAL",
    description: "A stream that this replica has taken over, above its attempts.",
    attributes: [attribute.epoch, attribute.errorType],
  },
} as const satisfies Readonly<Record<string, SpanDefinition>>;

/** The attributes of a span. */
export type AttributesOf<Definition extends SpanDefinition> = {
  readonly [Name in Definition["attributes"][number]]?: AttributeValue;
};
