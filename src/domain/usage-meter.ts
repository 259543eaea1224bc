import type { Message } from "./generation-spec.ts";
import type { TokenCounts, TokenUsage } from "./token-usage.ts";

/** Counts of one attempt: what the provider reports, completed by estimates where it reports nothing. */
export interface UsageMeter {
  /** Cumulative counts replace earlier ones field by field; those that cannot be take them away. */
  report(counts: TokenCounts, impossible?: readonly (keyof TokenCounts)[]): void;
  /** At once. `output` is what was received; it is counted only where the provider's number is missing. */
  usage(output: Message, received?: Received): TokenUsage;
  /**
   * The attempt has ended. Better counts than `usage` gave, where an estimator
   * takes its time to make them; where the provider reported, they are learned from.
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
