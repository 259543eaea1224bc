import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { TokenCounts } from "../../domain/token-usage.ts";

/** A reported count; undefined unless it is a whole number of at least 0. */
export function tokenCount(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The counts of a group such as `prompt_tokens_details`; empty where the server gives none. */
export function usageDetails(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Counts without the fields that were not reported. */
export function reportedCounts(
  counts: {
    readonly [Field in keyof TokenCounts]: number | undefined;
  },
): TokenCounts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

/** Usage of Chat Completions: cache reads and writes are part of the prompt, reasoning of the completion. */
export function readChatUsage(usage: JsonObject): TokenCounts {
  const prompt = usageDetails(usage.prompt_tokens_details);
  const completion = usageDetails(usage.completion_tokens_details);
  return reportedCounts({
    inputTokens: tokenCount(usage.prompt_tokens),
    outputTokens: tokenCount(usage.completion_tokens),
    cacheReadTokens: tokenCount(prompt.cached_tokens),
    cacheWriteTokens: tokenCount(prompt.cache_write_tokens),
    reasoningTokens: tokenCount(completion.reasoning_tokens),
  });
}
