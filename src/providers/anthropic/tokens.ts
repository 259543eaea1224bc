import type { TokenRules } from "../../domain/token-rules.ts";

/** The vocabulary is not published. The vendor counts by a call; otherwise the tokens are estimated. */
export const tokens: TokenRules = {
  characters: { codePointsPerToken: 3.5, confidence: 0.7 },
  scripts: {
    weights: { latin: 0.24, code: 0.6, cjk: 0.9, other: 0.5, symbols: 2 },
    confidence: 0.65,
  },
};
