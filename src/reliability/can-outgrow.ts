// Models that can be tried after a request did not fit the context window of others.
import type { Model } from "../domain/model.ts";

/** The largest known window of models that were too small; undefined: no window is known. */
function largest(outgrown: readonly Model[]): number | undefined {
  const known = outgrown.flatMap(({ contextWindow }) => contextWindow ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Whether it is unknown if `next` has a larger window than the models before it. */
function isGuess(next: Model, outgrown: readonly Model[]): boolean {
  return next.contextWindow === undefined || largest(outgrown) === undefined;
}

function isSame(one: Model, other: Model): boolean {
  return one.id === other.id || one.providerModel === other.providerModel;
}

/**
 * Whether a request that `outgrown` models refused for its length (in the order of the attempts, at least one) may go
 * to `next`. A window known to be larger is tried; a window known not to be larger is skipped. If a window is
 * unknown, a different model is tried, once in a call.
 */
export function canOutgrow(next: Model, outgrown: readonly Model[]): boolean {
  const { contextWindow } = next;
  const most = largest(outgrown);
  if (contextWindow !== undefined && most !== undefined) return contextWindow > most;
  const isGuessed = outgrown.some(
    (model, index) => index > 0 && isGuess(model, outgrown.slice(0, index)),
  );
  return !isGuessed && !outgrown.some((model) => isSame(model, next));
}
