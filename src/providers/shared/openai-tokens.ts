import type { TokenRules, Vocabulary } from "../../domain/token-rules.ts";

/** Model families with a published vocabulary, newest last. */
const FAMILIES: readonly (readonly [name: RegExp, vocabulary: Vocabulary])[] = [
  [/^(gpt-3\.5|gpt-4)(?![.\do])/, "cl100k_base"],
  [/^(chatgpt-4o|gpt-4o|gpt-4\.\d|gpt-([5-9]|\d\d)|o\d)/, "o200k_base"],
];

export const openAiTokens: TokenRules = {
  characters: { codePointsPerToken: 4, confidence: 0.75 },
  scripts: {
    weights: { latin: 0.2, code: 0.5, cjk: 0.7, other: 0.35, symbols: 1.6 },
    confidence: 0.75,
  },
  // Models with breakpoints also set their own, and each cache write has a price:
  // https://developers.openai.com/api/docs/guides/prompt-caching
  writesCacheUnasked: ({ promptCacheBreakpoints }) => promptCacheBreakpoints === true,
  vocabularyOf: (model) => FAMILIES.find(([name]) => name.test(model))?.[1],
};
