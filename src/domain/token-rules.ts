import type { JsonObject } from "./json.ts";

/** Kinds of text that differ in tokens per code point. */
export const SCRIPTS = ["latin", "code", "cjk", "other", "symbols"] as const;
export type Script = (typeof SCRIPTS)[number];

/** Numbers per script: code points of a text, or tokens per code point. */
export type ScriptNumbers = Readonly<Record<Script, number>>;

/** Vocabularies for exact counts; each is also an estimator's name. */
export type Vocabulary = "o200k_base" | "cl100k_base";

/** How tokens are counted if a provider does not report them; defined in the provider's folder. */
export interface TokenRules {
  readonly characters: {
    readonly codePointsPerToken: number;
    readonly confidence: number;
  };
  /** Starting point of learning: tokens per code point, and the confidence in them. */
  readonly scripts: {
    readonly weights: ScriptNumbers;
    readonly confidence: number;
  };
  /** Whether the model writes to its prompt cache without a hint and charges for it. */
  readonly writesCacheUnasked?: (wire: JsonObject) => boolean;
  /** Vocabulary of a model, by the provider's model name; undefined: not published. */
  readonly vocabularyOf?: (providerModel: string) => Vocabulary | undefined;
}
