import type { Model } from "../domain/model.ts";
import { countCodePoints } from "../domain/text.ts";
import { SCRIPTS } from "../domain/token-rules.ts";
import type { Estimate } from "./estimate.ts";
import { countScripts } from "./scripts.ts";

/** Longer texts are not counted to the last character: that would hold up everything else. */
const MAX_UNITS = 1_048_576;

function codePointsOf(text: string): number {
  if (text.length <= MAX_UNITS) return countCodePoints(text);
  const counts = countScripts(text, MAX_UNITS);
  return SCRIPTS.reduce((sum, script) => sum + counts[script], 0);
}

/** Tokens of a text by its length in code points, at the provider's ratio. */
export function estimateByCharacters({ tokens }: Model, text: string): Estimate {
  const { codePointsPerToken, confidence } = tokens.characters;
  return {
    tokens: Math.floor(codePointsOf(text) / codePointsPerToken + 0.5),
    estimator: `chars/${codePointsPerToken}`,
    confidence,
  };
}
