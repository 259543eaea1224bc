import type { Clock } from "../../clock.ts";
import type { ReportedCost } from "../../domain/cost.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { AnswerReader } from "../shared/answer-reader.ts";
import { createCallIds } from "../shared/call-id.ts";
import { ChatUsageFields } from "../shared/chat-metadata.ts";
import { ChatReader } from "../shared/chat-reader.ts";
import {
  readChatCounts,
  reportedCounts,
  tokenCount,
  type UsageReport,
  wholeNumber,
} from "../shared/chat-usage.ts";
import { type ErrorRules, toInBandError } from "../shared/http-error.ts";
import type { UpstreamResponse } from "../shared/upstream.ts";
import { errorRules } from "./errors.ts";

/**
 * xAI counts reasoning outside the completion, and its total includes both. A proxy may already have added them: then
 * prompt and completion equal the total.
 */
export function readUsage(usage: JsonObject): UsageReport {
  const counts = readChatCounts(usage);
  const { inputTokens, outputTokens, cacheReadTokens = 0, reasoningTokens = 0 } = counts;
  const total = tokenCount(usage.total_tokens);
  const included =
    total !== undefined &&
    total === (inputTokens ?? 0) + (outputTokens ?? 0) &&
    reasoningTokens > 0;
  return reportedCounts({
    ...counts,
    // If there are more cached tokens than prompt tokens, the prompt does not include them.
    inputTokens:
      inputTokens !== undefined && cacheReadTokens > inputTokens
        ? inputTokens + cacheReadTokens
        : inputTokens,
    outputTokens:
      outputTokens === undefined || included ? outputTokens : outputTokens + reasoningTokens,
  });
}

const USAGE_FIELDS = new ChatUsageFields(["cost_in_usd_ticks", "num_sources_used"]);

/** A tick is 1e-10 of a dollar, or 100 trillionths. */
const PICOS_PER_TICK = 100;
/** Above this bound a cost is not exact in a double, so it is unknown. */
const MAX_TICKS = Math.floor(Number.MAX_SAFE_INTEGER / PICOS_PER_TICK);

/** The vendor's own final price. */
function readCost(usage: JsonObject): ReportedCost | "impossible" | undefined {
  const ticks = wholeNumber(usage.cost_in_usd_ticks, MAX_TICKS);
  if (ticks === undefined) return undefined;
  return Number.isNaN(ticks) ? "impossible" : { currency: "USD", picos: ticks * PICOS_PER_TICK };
}

/** Creates a reader of one answer of Chat Completions. */
export function chatReader(
  { headers }: UpstreamResponse,
  clock: Clock,
  rules: ErrorRules = errorRules,
): AnswerReader {
  return new ChatReader({
    readUsage,
    readCost,
    toError: (payload) => toInBandError(payload, headers, rules, clock),
    newCallId: createCallIds(clock),
    providerType: "xai",
    usageFields: USAGE_FIELDS,
  });
}
