import type { ReportedCost } from "./cost.ts";
import type { Part } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { PartAdditions, ProviderData, TokenLogprob } from "./provider-data.ts";
import type { TokenCounts } from "./token-usage.ts";
import type { Warning } from "./warning.ts";

/** Why the output ended; the provider's own word travels beside it. */
export type FinishReason =
  | "stop"
  | "stop-sequence"
  | "max-tokens"
  | "context-length"
  | "tool-calls"
  | "content-filter"
  | "refusal"
  | "paused"
  | "other"
  | "budget";

/**
 * What an adapter makes of one provider answer, streamed or not. Parts are
 * numbered from 0 without gaps in output order; the first event with a new
 * index opens the part. The last event is `finish`, and it comes only once the
 * provider's own end marker was seen: an answer without it ends by throwing.
 */
export type ProviderEvent =
  /** What the provider says of the response; can come more than once, later values win. */
  | { readonly type: "response"; readonly id?: string; readonly model?: string }
  | {
      readonly type: "text-delta";
      readonly partIndex: number;
      /** Empty only beside probabilities. */
      readonly text: string;
      /** Of the tokens since the last delta of the part. */
      readonly logprobs?: readonly TokenLogprob[];
    }
  | {
      readonly type: "reasoning-delta";
      readonly partIndex: number;
      readonly text: string;
    }
  | {
      readonly type: "refusal-delta";
      readonly partIndex: number;
      readonly text: string;
    }
  | {
      readonly type: "tool-call-delta";
      readonly partIndex: number;
      /** Both on the first delta of the part, neither on the others. */
      readonly id?: string;
      readonly name?: string;
      readonly argumentsFragment: string;
    }
  /**
   * `part` only where the deltas do not say it all: a reasoning signature, redacted reasoning, a
   * provider's own part. `added` is what stands beside the text or the call of the deltas.
   */
  | {
      readonly type: "part-end";
      readonly partIndex: number;
      readonly part?: Part;
      readonly added?: PartAdditions;
    }
  /** Counts of the whole attempt so far: they replace earlier ones field by field. */
  | {
      readonly type: "usage";
      readonly counts: TokenCounts;
      /** What was said and cannot be: such a count is not reported, an earlier one included. */
      readonly impossible?: readonly (keyof TokenCounts | "cost")[];
      /** The provider's own price of the attempt so far. */
      readonly cost?: ReportedCost;
    }
  /** Something of the answer that the caller should know; the same object is told once. */
  | { readonly type: "warning"; readonly warning: Warning }
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly rawReason: string;
      /** The answer holds nothing at all: no text, no call and no item that this version does not know. */
      readonly isEmpty?: true;
      /** Response fields that have no place elsewhere. */
      readonly metadata?: JsonObject;
      /** Fields of the message that the next turn repeats. */
      readonly messageData?: ProviderData;
    };
