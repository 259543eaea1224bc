import type { Message } from "./generation-spec.ts";
import type { TokenCounts, TokenUsage } from "./token-usage.ts";

/** Counts of one attempt: the provider's, completed by estimates for missing ones. */
export interface UsageMeter {
  /** Cumulative counts replace earlier ones field by field; those that cannot be take them away. */
  report(counts: TokenCounts, impossible?: readonly (keyof TokenCounts)[]): void;
  /** The usage at once. `output`: the received output, which is counted only if the provider's number is missing. */
  usage(output: Message, received?: Received): TokenUsage;
  /**
   * Called at the end of the attempt. Resolves to better counts than `usage` gave, if the estimator needs time for
   * them. Estimators learn from counts of the provider.
   */
  settle(output: Message, received?: Received): Promise<TokenUsage> | undefined;
}

/** How an answer came. */
export interface Received {
  /** Chunks with content: the provider made a token for each at least. */
  readonly chunks: number;
  /** The answer was to come as a whole, and the attempt ended before it. */
  readonly isMissing: boolean;
}
