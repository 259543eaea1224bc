import type { TokenRules } from "../../domain/token-rules.ts";

export const tokens: TokenRules = {
  characters: { codePointsPerToken: 4.2, confidence: 0.65 },
  scripts: {
    weights: { latin: 0.2, code: 0.5, cjk: 0.8, other: 0.4, symbols: 1.8 },
    confidence: 0.6,
  },
};
