// The budget of a request: the targets it pays for, and how much output there.
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Model } from "../domain/model.ts";
import type { GenerationResult } from "../output/generation-result.ts";
import type { LimitedCaller } from "../ports/call-limits.ts";
import { allowanceOf } from "../usage/allowance.ts";
import { hasMedia } from "../usage/counted-text.ts";
import { inputBoundOf } from "../usage/dearest-prices.ts";
import type { TokenCounter } from "../usage/token-counter.ts";

/** A call that may have a budget. */
export interface PaidCall {
  readonly result: GenerationResult;
  readonly counter: TokenCounter;
  /** Undefined: the caller has no limits. */
  readonly limited?: LimitedCaller | undefined;
}

/** A target, with the options that only its provider understands. */
export interface PaidTarget {
  readonly model: Model;
  readonly options: JsonObject;
}

/** A request as it is sent. `isLimited`: its budget determines the output limit. */
export interface PaidSpec {
  readonly spec: GenerationSpec;
  readonly isLimited: boolean;
}

/** Longest output that the model or the request allows. */
function longestOutput(model: Model, spec: GenerationSpec): number {
  const { maxOutputTokens, contextWindow } = model;
  const limits = [spec.sampling.maxOutputTokens, maxOutputTokens, contextWindow];
  return Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
}

/**
 * The request, limited to the output that the rest of its budget pays for. Throws BUDGET below one token, and if a spend
 * limit of the caller cannot count the cost of the target.
 */
export function payFor(
  { result, counter, limited }: PaidCall,
  { model, options }: PaidTarget,
  spec: GenerationSpec,
): PaidSpec {
  const obstacle = limited?.obstacle(model);
  if (obstacle !== undefined) throw obstacle;
  const { budget } = spec;
  if (budget === undefined) return { spec, isLimited: false };
  const input = hasMedia(spec)
    ? undefined
    : inputBoundOf(counter.estimateInput(model, spec), model, spec, options);
  const spentPicos = result.spentPicos();
  const allowance = allowanceOf(budget, spentPicos, model, input);
  if (allowance.state === "refused") {
    const name = `${model.provider}/${model.id}`;
    throw new GatewayError("budget", `spec.budget does not pay for ${name}: ${allowance.reason}`, {
      metadata: {
        limit: "spec.budget.max_cost_picos",
        max_cost_picos: String(budget.maxCostPicos),
        spent_picos: String(spentPicos),
        provider: model.provider,
      },
    });
  }
  const { outputTokens } = allowance;
  if (outputTokens >= longestOutput(model, spec)) return { spec, isLimited: false };
  const sampling = { ...spec.sampling, maxOutputTokens: outputTokens };
  return { spec: { ...spec, sampling }, isLimited: true };
}

/** Throws if no target has the currency of the budget, because that is a mistake of the request. */
export function checkCurrency(spec: GenerationSpec, models: readonly Model[]): void {
  const { budget } = spec;
  if (budget === undefined) return;
  const priced = models.flatMap(({ pricing }) => pricing?.currency ?? []);
  if (priced.length === 0 || priced.includes(budget.currency)) return;
  const listed = [...new Set(priced)].join(", ");
  throw invalidField("spec.budget.currency_code", `prices are in ${listed}`);
}
