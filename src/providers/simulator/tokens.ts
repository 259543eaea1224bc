import type { TokenRules } from "../../domain/token-rules.ts";

/** The simulator counts four code points a token, for all scripts. */
export const tokens: TokenRules = {
  characters: { codePointsPerToken: 4, confidence: 0.6 },
  scripts: {
    weights: { latin: 0.25, code: 0.25, cjk: 0.25, other: 0.25, symbols: 0.25 },
    confidence: 0.6,
  },
};
