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
}
