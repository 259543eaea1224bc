import type { ReportedCost } from "../../domain/cost.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { MAX_TOKENS, type TokenCounts } from "../../domain/token-usage.ts";
import { objectOf } from "./object-of.ts";

/** Counts as a provider reported them. */
export interface UsageReport {
  readonly counts: TokenCounts;
  /** Reported counts that are invalid. They are treated as not reported. */
  readonly impossible: readonly (keyof TokenCounts)[];
}

/** A whole number from 0 to `most`; NaN for another value, undefined for none. */
export function wholeNumber(value: JsonValue | undefined, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const fits =
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most;
  return fits ? value : Number.NaN;
}

/**
 * A reported count: undefined if there is none, NaN if the value is no count (negative, fractional, no number, above
 * `MAX_TOKENS`). A sum with NaN is NaN, so it is invalid too.
 */
export function tokenCount(value: JsonValue | undefined): number | undefined {
  return wholeNumber(value, MAX_TOKENS);
}

type NamedCounts = { readonly [Field in keyof TokenCounts]: number | undefined };

/** The sum that includes a count, the narrowest one. */
const SUMS: Readonly<Partial<Record<keyof TokenCounts, keyof TokenCounts>>> = {
  cacheReadTokens: "inputTokens",
  cacheWriteTokens: "inputTokens",
  cacheWriteLongTokens: "cacheWriteTokens",
  reasoningTokens: "outputTokens",
};

/** The reported sum that includes a count; undefined: no sum, or an invalid one. */
function leastSumOf(read: NamedCounts, name: keyof TokenCounts): number | undefined {
  const sum = SUMS[name];
  const count = sum === undefined ? undefined : read[sum];
  return count === undefined || Number.isNaN(count) ? undefined : Math.min(count, MAX_TOKENS);
}

/** Counts without unreported fields, and the names of invalid ones. */
export function reportedCounts(read: NamedCounts): UsageReport {
  const counts: Record<string, number> = {};
  const impossible: (keyof TokenCounts)[] = [];
  // Input and output have one sum in the contract.
  const isTooMuch = (read.inputTokens ?? 0) + (read.outputTokens ?? 0) > MAX_TOKENS;
  for (const [name, count] of Object.entries(read)) {
    if (count === undefined) continue;
    const isSummand = name === "inputTokens" || name === "outputTokens";
    const most = leastSumOf(read, name as keyof TokenCounts) ?? MAX_TOKENS;
    if (count <= most && !(isSummand && isTooMuch)) counts[name] = count;
    else impossible.push(name as keyof TokenCounts);
  }
  return { counts, impossible };
}

/** Whether any count was reported, valid or not. */
export function isReported({ counts, impossible }: UsageReport): boolean {
  return impossible.length > 0 || Object.keys(counts).length > 0;
}

/** The event for a report. */
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

/** The largest reported value. Servers that have several names for one count fill in one of them. */
function largest(...values: readonly (JsonValue | undefined)[]): number | undefined {
  let most: number | undefined;
  for (const value of values) {
    const count = tokenCount(value);
    if (count !== undefined) most = most === undefined ? count : Math.max(most, count);
  }
  return most;
}

/**
 * Counts of Chat Completions: the prompt includes cache reads and writes, the completion includes reasoning. Reads
 * cached tokens under all names in use: those of OpenAI, DeepSeek, Mistral and Moonshot, and Anthropic's for servers
 * that translate.
 */
export function readChatCounts(usage: JsonObject): NamedCounts {
  const prompt = objectOf(usage.prompt_tokens_details);
  const completion = objectOf(usage.completion_tokens_details);
  return {
    inputTokens: tokenCount(usage.prompt_tokens),
    outputTokens: tokenCount(usage.completion_tokens),
    cacheReadTokens: largest(
      prompt.cached_tokens,
      usage.prompt_cache_hit_tokens,
      usage.num_cached_tokens,
      usage.cached_tokens,
      usage.cache_read_input_tokens,
    ),
    cacheWriteTokens: largest(prompt.cache_write_tokens, usage.cache_creation_input_tokens),
    reasoningTokens: largest(completion.reasoning_tokens, usage.reasoning_tokens),
  };
}

/** Tokens of the total beyond prompt and completion; 0 if the total is missing or invalid. */
function restOf(usage: JsonObject, input: number, output: number): number {
  const rest = (tokenCount(usage.total_tokens) ?? 0) - input - output;
  return rest > 0 ? rest : 0;
}

/**
 * Usage with tokens that servers count outside prompt and completion. Cached tokens are added to the prompt if the
 * total says so, or if they exceed the prompt. All other tokens of the total are output, as is reasoning beyond the
 * completion.
 */
export function readChatUsage(usage: JsonObject): UsageReport {
  const counts = readChatCounts(usage);
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = counts;
  if (inputTokens === undefined || outputTokens === undefined) return reportedCounts(counts);
  const cached = cacheReadTokens + cacheWriteTokens;
  const rest = restOf(usage, inputTokens, outputTokens);
  if (cached > 0 && (rest === cached || cached > inputTokens)) {
    return reportedCounts({ ...counts, inputTokens: inputTokens + cached });
  }
  const { reasoningTokens = 0 } = counts;
  const beside = rest > 0 || reasoningTokens <= outputTokens ? rest : reasoningTokens;
  return reportedCounts({ ...counts, outputTokens: outputTokens + beside });
}
