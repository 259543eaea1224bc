// Attributes of attempts, for spans and metrics.

import type { Decided } from "../domain/decided.ts";
import { attribute, VENDORS } from "./names.ts";
import type { AttributesOf, span } from "./spans.ts";
import type { AttemptInfo, AttemptResult } from "./telemetry.ts";

/** Attributes shared by an attempt's span and its metrics. Each has few values, except models that no list has. */
export function attemptAttributes(info: AttemptInfo) {
  return {
    [attribute.operation]: info.operation,
    [attribute.provider]: VENDORS[info.providerType] ?? info.providerType,
    [attribute.instance]: info.provider,
    [attribute.requestModel]: info.providerModel,
  };
}

/** Attributes of a decision after a failed attempt. */
export function decisionAttributes(info: Decided) {
  return {
    [attribute.instance]: info.target.provider,
    [attribute.category]: info.kind,
    [attribute.decision]: info.retried ? "retry" : "fail",
    [attribute.decisionReason]: info.reason,
  };
}

/** Attributes of an attempt's result. */
export function resultAttributes(result: AttemptResult): AttributesOf<typeof span.attempt> {
  const { usage, cost, json } = result;
  return {
    [attribute.attemptOutcome]: result.outcome,
    ...(result.errorKind !== undefined && { [attribute.errorType]: result.errorKind }),
    ...(result.providerModel !== undefined && { [attribute.responseModel]: result.providerModel }),
    ...(result.providerResponseId && { [attribute.responseId]: result.providerResponseId }),
    ...(result.finishReason !== undefined && { [attribute.finishReasons]: [result.finishReason] }),
    ...(result.timeToFirstTokenMs !== undefined && {
      [attribute.timeToFirstChunk]: result.timeToFirstTokenMs / 1000,
    }),
    ...(json !== undefined && {
      [attribute.jsonDocuments]: json.documents,
      [attribute.jsonChanges]: json.changes,
      [attribute.jsonUnits]: json.units,
      [attribute.jsonMalformed]: json.malformed,
    }),
    ...(usage !== undefined && {
      [attribute.inputTokens]: usage.inputTokens,
      [attribute.outputTokens]: usage.outputTokens,
    }),
    ...(cost !== undefined && {
      [attribute.costPicos]: cost.totalPicos,
      [attribute.currency]: cost.currency,
    }),
    ...(usage?.cacheReadTokens !== undefined && {
      [attribute.cacheReadTokens]: usage.cacheReadTokens,
    }),
    ...(usage?.cacheWriteTokens !== undefined && {
      [attribute.cacheWriteTokens]: usage.cacheWriteTokens,
    }),
  };
}
