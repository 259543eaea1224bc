import type { ReportedCost } from "./cost.ts";
import type { Part } from "./generation-spec.ts";
import type { JsonObject } from "./json.ts";
import type { PartAdditions, ProviderData, TokenLogprob } from "./provider-data.ts";
import type { TokenCounts } from "./token-usage.ts";
import type { Warning } from "./warning.ts";

/** Why the output ended. The provider's own word is kept beside it. */
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
 * Events that an adapter makes from one answer, streamed or not. Parts are numbered from 0 without gaps in output
 * order; the first event with a new index opens the part. The last event is `finish`, sent only after the
 * provider's own end marker. An answer without that marker ends by throwing.
 */
export type ProviderEvent =
  /** Identifier and model of the response. Can be repeated; later values replace earlier ones. */
  | { readonly type: "response"; readonly id?: string; readonly model?: string }
  | {
      readonly type: "text-delta";
      readonly partIndex: number;
      /** Empty only if the event carries probabilities. */
      readonly text: string;
      /** Probabilities of the tokens since the last delta of the part. */
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
      /** Both are set on the first delta of the part only. */
      readonly id?: string;
      readonly name?: string;
      readonly argumentsFragment: string;
    }
  /**
   * `part` is set if the deltas are incomplete: a reasoning signature, redacted reasoning, a provider's own part.
   * `added` has the facts beside the text or the call of the deltas.
   */
  | {
      readonly type: "part-end";
      readonly partIndex: number;
      readonly part?: Part;
      readonly added?: PartAdditions;
    }
  /** Counts of the whole attempt so far. They replace earlier counts field by field. */
  | {
      readonly type: "usage";
      readonly counts: TokenCounts;
      /** Impossible counts. They count as not reported, and earlier values are dropped. */
      readonly impossible?: readonly (keyof TokenCounts | "cost")[];
      /** The provider's own price of the attempt so far. */
      readonly cost?: ReportedCost;
    }
  /** A warning about the answer. The same object is reported once. */
  | { readonly type: "warning"; readonly warning: Warning }
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly rawReason: string;
      /** The answer contains nothing: no text, no call, and no item of an unknown type. */
      readonly isEmpty?: true;
      /** Fields of the response that the contract does not model. */
      readonly metadata?: JsonObject;
      /** Fields of the message that the next turn must repeat. */
      readonly messageData?: ProviderData;
    };
