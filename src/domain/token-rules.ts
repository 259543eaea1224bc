import type { JsonObject } from "./json.ts";

/** Kinds of writing that differ in tokens per code point. */
export const SCRIPTS = ["latin", "code", "cjk", "other", "symbols"] as const;
export type Script = (typeof SCRIPTS)[number];

/** Numbers per script: code points of a text, or tokens per code point. */
export type ScriptNumbers = Readonly<Record<Script, number>>;

/** Vocabularies that tokens can be counted by exactly; each is an estimator's name. */
export type Vocabulary = "o200k_base" | "cl100k_base";

/** How tokens are counted where a provider does not report them: facts of the provider's folder. */
export interface TokenRules {
  readonly characters: {
    readonly codePointsPerToken: number;
    readonly confidence: number;
  };
  /** Where learning starts: tokens per code point, and how far to trust them. */
  readonly scripts: {
    readonly weights: ScriptNumbers;
    readonly confidence: number;
  };
  /** Such models write to their prompt cache without a hint, and charge for the write. */
  readonly writesCacheUnasked?: (wire: JsonObject) => boolean;
  /** The vocabulary of a model, by the provider's name of it; undefined: not published. */
  readonly vocabularyOf?: (providerModel: string) => Vocabulary | undefined;
}
