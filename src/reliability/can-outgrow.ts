// Which models may be tried after a request did not fit the context window of others.
import type { Model } from "../domain/model.ts";

/** The largest known window of models that were too small; undefined: none is known. */
function largest(outgrown: readonly Model[]): number | undefined {
  const known = outgrown.flatMap(({ contextWindow }) => contextWindow ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Most tokens of input; some models keep a part of their window for output. */
function mostInput({ maxInputTokens, contextWindow }: Model): number | undefined {
  return maxInputTokens ?? contextWindow;
}

/** Whether every model before had a limit of the input, and `next` is known to take more input than each. */
function takesMoreInput(next: Model, outgrown: readonly Model[]): boolean {
  const most = mostInput(next) ?? 0;
  return outgrown.every((model) => most > (mostInput(model) ?? Number.POSITIVE_INFINITY));
}

/** Whether nobody knows if `next` takes more than the models before it. */
function isGuess(next: Model, outgrown: readonly Model[]): boolean {
  return next.contextWindow === undefined || largest(outgrown) === undefined;
}

function isSame(one: Model, other: Model): boolean {
  return one.id === other.id || one.providerModel === other.providerModel;
}

/**
 * Whether a request that `outgrown` models refused for its length (in the order of
 * the attempts, at least one) may go to `next`. A model is tried if its window or its limit of the input is
 * known to be larger, and left out if both are known not to be. If its window is unknown, a
 * different model is tried, one time in a call.
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
