import type { TypeTable } from "../ports/type-facts.ts";
import { createModelRegistry } from "../routing/model-registry.ts";
import type { ConfiguredProvider } from "./instances.ts";
import type { ModelEntry } from "./model-entry.ts";
import { ConfigProblem } from "./readers.ts";

/** An offer of a model, as a name leads to it. */
interface Offer {
  readonly id: string;
  readonly provider: string;
}

/**
 * Each fallback is a model that somebody offers, and not the model that it stands for. Fallbacks of
 * fallbacks are not followed, so that two models can name each other. Throws `ConfigProblem`.
 */
function checkFallbacks(
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
    // The names of models are all that counts here, and no dialect changes them.
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
