import { ConfigProblem } from "./readers.ts";
import type { ModelEntry } from "./schema.ts";

/** An offer of a model, as a name leads to it. */
interface Offer {
  readonly id: string;
  readonly provider: string;
}

/**
 * Each fallback is a model that somebody offers, and not the model that it stands for. Fallbacks of
 * fallbacks are not followed, so that two models can name each other. Throws `ConfigProblem`.
 */
export function checkFallbacks(
  models: readonly ModelEntry[],
  /** Offers of a name; throws with near names where there is none. */
  lookup: (name: string) => readonly Offer[],
): void {
  for (const [index, { id, provider, fallbacks = [] }] of models.entries()) {
    for (const [position, name] of fallbacks.entries()) {
      const path = ["models", index, "fallbacks", position];
      if (fallbacks.indexOf(name) < position) throw new ConfigProblem(path, "is there twice");
      const offers = offersOf(name, path, lookup);
      const isItself = offers.every((offer) => offer.id === id && offer.provider === provider);
      if (isItself) throw new ConfigProblem(path, `${name} is the model itself`);
    }
  }
}

function offersOf(
  name: string,
  path: readonly (string | number)[],
  lookup: (name: string) => readonly Offer[],
): readonly Offer[] {
  try {
    return lookup(name);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : `no model "${name}"`;
    throw new ConfigProblem(path, message, { cause });
  }
}
