/** Largest count that the contract carries (int32). A provider's count above it is a mistake. */
export const MAX_TOKENS = 2 ** 31 - 1;

/** A sum that the contract carries: what is above `MAX_TOKENS` is told as that. */
export function tokenSum(a: number, b: number): number {
  return Math.min(a + b, MAX_TOKENS);
}

/**
 * Token counts by one rule for all providers: input includes cache reads and
 * writes, output includes reasoning, sub-counts are subsets. `undefined` means
 * "not reported", which is not 0.
 */
export interface TokenCounts {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  /** Part of `cacheWriteTokens` with the provider's longer lifetime. */
  readonly cacheWriteLongTokens?: number;
  readonly reasoningTokens?: number;
}

export type UsageSource = "provider" | "estimated" | "mixed";

/** Counts with their origin. `estimator` and `confidence` are set when anything was estimated. */
export interface TokenUsage extends TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly source: UsageSource;
  readonly estimator?: string;
  /** 0 to 1. */
  readonly confidence?: number;
  /**
   * Most output tokens beside `outputTokens` that a provider can have made of whole answers
   * which ended before they came. Unset: none, or nobody knows a limit.
   */
  readonly unseenOutputTokens?: number;
}

function addCounts(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : tokenSum(a ?? 0, b ?? 0);
}

const SUB_COUNTS = [
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWriteLongTokens",
  "reasoningTokens",
  "unseenOutputTokens",
] as const;

/** The sum of two attempts; a sub-count that only one of them reported is the sum's. */
export function addUsage(
  a: TokenUsage | undefined,
  b: TokenUsage | undefined,
): TokenUsage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const subCounts = SUB_COUNTS.flatMap((name) => {
    const sum = addCounts(a[name], b[name]);
    return sum === undefined ? [] : [[name, sum] as const];
  });
  // The one that is trusted less speaks for both.
  const [worst] = [a, b]
    .filter(({ estimator }) => estimator !== undefined)
    .sort((one, other) => (one.confidence ?? 0) - (other.confidence ?? 0));
  return {
    ...Object.fromEntries(subCounts),
    inputTokens: tokenSum(a.inputTokens, b.inputTokens),
    outputTokens: tokenSum(a.outputTokens, b.outputTokens),
    source: a.source === b.source ? a.source : "mixed",
    ...(worst?.estimator !== undefined && { estimator: worst.estimator }),
    ...(worst?.confidence !== undefined && { confidence: worst.confidence }),
  };
}
