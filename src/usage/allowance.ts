// Output tokens that the rest of a request's budget pays for at a model. Pure functions.
import type { Budget } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import { dearestPrices, type InputBound } from "./dearest-prices.ts";

export type Allowance =
  /** Output tokens that the rest pays for; infinite if output is free. */
  | { readonly state: "affordable"; readonly outputTokens: number }
  | { readonly state: "refused"; readonly reason: string };

/**
 * The input and one output token must fit into the rest of the budget at the highest prices that can apply. `input`
 * undefined: the input cannot be counted in advance.
 */
export function allowanceOf(
  budget: Budget,
  spentPicos: number,
  model: Pick<Model, "pricing" | "parameters">,
  input: InputBound | undefined,
): Allowance {
  const { pricing } = model;
  if (pricing === undefined) return { state: "refused", reason: "its price is unknown" };
  if (pricing.currency !== budget.currency) {
    return { state: "refused", reason: `its price is in ${pricing.currency}` };
  }
  if (!model.parameters.has("sampling.max_output_tokens")) {
    return { state: "refused", reason: "it takes no limit of the output" };
  }
  if (input === undefined) {
    return { state: "refused", reason: "what images and files cost is known once they are sent" };
  }
  const { inputPicos, outputPicos } = dearestPrices(pricing, input);
  const leftPicos = budget.maxCostPicos - spentPicos;
  const restPicos = leftPicos - input.tokens * inputPicos;
  if (restPicos < outputPicos) {
    const reason = `${input.tokens} tokens of input and one of output cost more than the ${leftPicos} that are left`;
    return { state: "refused", reason };
  }
  return {
    state: "affordable",
    outputTokens:
      outputPicos === 0 ? Number.POSITIVE_INFINITY : Math.floor(restPicos / outputPicos),
  };
}
