import type { ReportedCost } from "../../domain/cost.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { MAX_TOKENS, type TokenCounts } from "../../domain/token-usage.ts";

/** Counts as a provider reported them. */
export interface UsageReport {
  readonly counts: TokenCounts;
  /** Counts that were said and cannot be: they count as not reported. */
  readonly impossible: readonly (keyof TokenCounts)[];
}

/** A whole number from 0 to `most`; NaN where another value was said, undefined where none was. */
export function wholeNumber(value: JsonValue | undefined, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const fits =
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most;
  return fits ? value : Number.NaN;
}

/**
 * A reported count: undefined where none was said, NaN where the value cannot be a count (negative,
 * broken, no number, above `MAX_TOKENS`). Every sum with NaN is NaN, and so counts as impossible too.
 */
export function tokenCount(value: JsonValue | undefined): number | undefined {
  return wholeNumber(value, MAX_TOKENS);
}

/** The counts of a group such as `prompt_tokens_details`; empty where the server gives none. */
export function usageDetails(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

type NamedCounts = { readonly [Field in keyof TokenCounts]: number | undefined };

/** Counts without the fields that were not reported, and the names of those that cannot be. */
export function reportedCounts(read: NamedCounts): UsageReport {
  const counts: Record<string, number> = {};
  const impossible: (keyof TokenCounts)[] = [];
  // Input and output have one sum in the contract.
  const isTooMuch = (read.inputTokens ?? 0) + (read.outputTokens ?? 0) > MAX_TOKENS;
  for (const [name, count] of Object.entries(read)) {
    if (count === undefined) continue;
    const isSummand = name === "inputTokens" || name === "outputTokens";
    if (count <= MAX_TOKENS && !(isSummand && isTooMuch)) counts[name] = count;
    else impossible.push(name as keyof TokenCounts);
  }
  return { counts, impossible };
}

/** Something of the usage was said, possible or not. */
export function isReported({ counts, impossible }: UsageReport): boolean {
  return impossible.length > 0 || Object.keys(counts).length > 0;
}

/** The event that tells of a report. */
export function usageEvent(
  { counts, impossible }: UsageReport,
  cost?: ReportedCost | "impossible",
): Extract<ProviderEvent, { type: "usage" }> {
  const isCostImpossible = cost === "impossible";
  const named = isCostImpossible ? [...impossible, "cost" as const] : impossible;
  return {
    type: "usage",
    counts,
    ...(cost !== undefined && !isCostImpossible && { cost }),
    ...(named.length > 0 && { impossible: named }),
  };
}

/** Usage of Chat Completions: cache reads and writes are part of the prompt, reasoning of the completion. */
export function readChatCounts(usage: JsonObject): NamedCounts {
  const prompt = usageDetails(usage.prompt_tokens_details);
  const completion = usageDetails(usage.completion_tokens_details);
  return {
    inputTokens: tokenCount(usage.prompt_tokens),
    outputTokens: tokenCount(usage.completion_tokens),
    cacheReadTokens: tokenCount(prompt.cached_tokens),
    cacheWriteTokens: tokenCount(prompt.cache_write_tokens),
    reasoningTokens: tokenCount(completion.reasoning_tokens),
  };
}

export function readChatUsage(usage: JsonObject): UsageReport {
  return reportedCounts(readChatCounts(usage));
}
