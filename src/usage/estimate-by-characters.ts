import { countCodePoints } from "../domain/count-code-points.ts";
import type { Model } from "../domain/model.ts";
import type { Estimate } from "./estimate.ts";

/**
 * Only this many UTF-16 units of a text are counted, as a sample of the rest. Counting a longer text would block
 * other calls.
 */
const MAX_UNITS = 1_048_576;

function codePointsOf(text: string): number {
  if (text.length <= MAX_UNITS) return countCodePoints(text);
  return countCodePoints(text.slice(0, MAX_UNITS)) * (text.length / MAX_UNITS);
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
