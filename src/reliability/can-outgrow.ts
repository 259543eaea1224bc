// Models that can be tried after a request did not fit the context window of others.
import type { Model } from "../domain/model.ts";

/** The largest known window of models that were too small; undefined: no window is known. */
function largest(outgrown: readonly Model[]): number | undefined {
  const known = outgrown.flatMap(({ contextWindow }) => contextWindow ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Most input tokens. Some models reserve a part of their window for output. */
function mostInput({ maxInputTokens, contextWindow }: Model): number | undefined {
  return maxInputTokens ?? contextWindow;
}

/** Whether every previous model has an input limit, and `next` is known to accept more input than each. */
function takesMoreInput(next: Model, outgrown: readonly Model[]): boolean {
  const most = mostInput(next) ?? 0;
  return outgrown.every((model) => most > (mostInput(model) ?? Number.POSITIVE_INFINITY));
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
 * to `next`. A model whose window or input limit is known to be larger is tried. A model is skipped if both are known
 * not to be larger. If its window is unknown, a different model is tried, once in a call.
 */
export function canOutgrow(next: Model, outgrown: readonly Model[]): boolean {
  const { contextWindow } = next;
  const most = largest(outgrown);
  if (contextWindow !== undefined && most !== undefined) {
    return contextWindow > most || takesMoreInput(next, outgrown);
  }
  const isGuessed = outgrown.some(
    (model, index) => index > 0 && isGuess(model, outgrown.slice(0, index)),
  );
  return !isGuessed && !outgrown.some((model) => isSame(model, next));
}
