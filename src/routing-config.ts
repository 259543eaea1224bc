import { checkFallbacks } from "./config/fallbacks.ts";
import type { ConfiguredProvider } from "./config/instances.ts";
import type { ModelEntry } from "./config/schema.ts";
import type { MidStreamRecovery } from "./domain/generation-spec.ts";
import type { TypeTable } from "./ports/type-facts.ts";
import { createModelRegistry } from "./routing/model-registry.ts";

export interface RoutingSettings {
  /** Of streams whose request accepts discards and names no recovery. */
  readonly midStreamRecovery: MidStreamRecovery;
}

/** The section `routing` with the defaults for what it leaves out. */
export function routingSettings(
  given: { readonly mid_stream_recovery?: MidStreamRecovery } | undefined,
): RoutingSettings {
  return { midStreamRecovery: given?.mid_stream_recovery ?? "fail" };
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
