import type { TypeTable } from "../ports/type-facts.ts";
import { createModelRegistry } from "../routing/model-registry.ts";
import type { ConfiguredProvider } from "./configured-provider.ts";
import type { ModelEntry } from "./model-entry.ts";
import { ConfigProblem } from "./readers.ts";

/** An offer of a model, found by a name. */
interface Offer {
  readonly id: string;
  readonly provider: string;
}

/**
 * Checks that each fallback is an offered model other than the model itself. Fallbacks of fallbacks are not followed,
 * so two models may name each other. Throws `ConfigProblem`.
 */
function checkFallbacks(
  models: readonly ModelEntry[],
  /** Offers of a name. Throws with near names if there is none. */
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

/** Throws `ConfigProblem` for a fallback that no instance offers, or that is the model itself. */
export function checkModelFallbacks(
  models: readonly ModelEntry[],
  providers: readonly ConfiguredProvider[],
  types: TypeTable,
): void {
  if (models.every(({ fallbacks = [] }) => fallbacks.length === 0)) return;
  const instances = providers.flatMap(({ id, type, builtinModels, unlistedModels, prefill }) => {
    const facts = types[type];
    if (facts === undefined) return [];
    const { tokens } = facts;
    // Only the names of models matter here, and they do not depend on dialects.
    const rest = {
      dialects: {},
      listedParameters: {},
      takes: () => true,
      dialect: "",
      prefill,
      traceContext: false,
      unlistedModels,
      tokens,
      unaryUpstream: () => "whole" as const,
      limits: () => ({}),
      goesBack: () => ({ reasoning: "never" as const, annotations: false }),
      timeouts: undefined,
    };
    return [{ id, type, models: builtinModels ? facts.models : [], ...rest }];
  });
  checkFallbacks(models, createModelRegistry(instances, models).lookup);
}
