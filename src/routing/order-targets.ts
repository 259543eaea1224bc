import type { RoutingStrategy } from "../domain/generation-spec.ts";
import { type Model, pricesAt } from "../domain/model.ts";

/** Measures that a strategy compares. */
export interface TargetMeasures {
  /** Estimated tokens of a request at a model. */
  readonly inputTokens: number;
  /** The request's own output limit. */
  readonly maxOutputTokens: number | undefined;
  /** Measured milliseconds to the first content; undefined: no recent measurement. */
  readonly latencyMs: (model: Model) => number | undefined;
}

/** Assumed output tokens of a request without a limit. */
const ASSUMED_OUTPUT_TOKENS = 1_000;

/** Price of a request in trillionths of its currency; undefined if the model has no price. */
function costPicos({ pricing }: Model, measures: TargetMeasures): number | undefined {
  if (pricing === undefined) return undefined;
  const { inputTokens, maxOutputTokens = ASSUMED_OUTPUT_TOKENS } = measures;
  const { inputPicos, outputPicos } = pricesAt(pricing, inputTokens);
  return inputTokens * inputPicos + maxOutputTokens * outputPicos;
}

/** The targets in the order of the strategy. Equal targets keep their listed order. */
export function orderTargets<T extends { readonly model: Model }>(
  targets: readonly T[],
  strategy: RoutingStrategy,
  measures: () => TargetMeasures,
): readonly T[] {
  if (strategy === "ordered" || targets.length < 2) return targets;
  const facts = measures();
  const currency = targets.find(({ model }) => model.pricing !== undefined)?.model.pricing
    ?.currency;
  const rank = ({ model }: T): number => {
    // A target without measurements comes first, so that it gets measured. A target of unknown price comes last.
    if (strategy === "lowest-latency") return facts.latencyMs(model) ?? 0;
    const isComparable = model.pricing?.currency === currency;
    return (isComparable ? costPicos(model, facts) : undefined) ?? Number.POSITIVE_INFINITY;
  };
  const ranked = targets.map((target) => ({ target, rank: rank(target) }));
  // Infinity minus Infinity is NaN.
  return ranked
    .sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank))
    .map(({ target }) => target);
}
