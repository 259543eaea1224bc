import type { Message } from "../domain/generation-spec.ts";
import type { TokenCounts, TokenUsage } from "../domain/token-usage.ts";

/** How an answer was received. */
export interface Received {
  /** Chunks with content. */
  readonly chunks: number;
  /** The answer was to arrive as a whole, and the attempt ended before. */
  readonly isMissing: boolean;
}

/** Counts the tokens of one attempt. */
export interface AttemptMeter {
  report(counts: TokenCounts, impossible?: readonly (keyof TokenCounts)[]): void;
  usage(output: Message, received: Received): TokenUsage;
  settle(output: Message, received: Received): Promise<TokenUsage> | undefined;
}
