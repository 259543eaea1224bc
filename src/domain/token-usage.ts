/** Largest count in the contract (int32). A provider's count above it is an error. */
export const MAX_TOKENS = 2 ** 31 - 1;

/** The sum, at most `MAX_TOKENS`. */
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
   * Upper bound of output tokens, beyond `outputTokens`, of whole answers that ended before they arrived. Unset:
   * none, or no limit is known.
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

/** The sum of two attempts. If only one of them has a sub-count, the sum has that value. */
export function addUsage(
  a: TokenUsage | undefined,
  b: TokenUsage | undefined,
): TokenUsage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const subCounts = SUB_COUNTS.flatMap((name) => {
    const sum = addCounts(a[name], b[name]);
    return sum === undefined ? [] : [[name, sum] as const];
  });
  // Estimator and confidence are those of the less trusted count.
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
