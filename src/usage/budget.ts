// What the money of a request buys at a model: pure.
import type { Budget } from "../domain/generation-spec.ts";
import { type Model, pricesAt } from "../domain/model.ts";

export type Allowance =
  /** Output tokens that the rest pays for; infinite where they are free. */
  | { readonly state: "affordable"; readonly outputTokens: number }
  | { readonly state: "refused"; readonly reason: string };

/**
 * Input and one token of output must fit into what attempts so far have left.
 * `inputTokens` is an estimate; undefined: nobody can tell before it is sent.
 */
export function allowanceOf(
  budget: Budget,
  spentPicos: number,
  model: Pick<Model, "pricing" | "parameters">,
  inputTokens: number | undefined,
): Allowance {
  const { pricing } = model;
  if (pricing === undefined) return { state: "refused", reason: "its price is unknown" };
  if (pricing.currency !== budget.currency) {
    return { state: "refused", reason: `its price is in ${pricing.currency}` };
  }
  if (!model.parameters.has("sampling.max_output_tokens")) {
    return { state: "refused", reason: "it takes no limit of the output" };
  }
  if (inputTokens === undefined) {
    return { state: "refused", reason: "what images and files cost is known once they are sent" };
  }
  const { inputPicos, outputPicos } = pricesAt(pricing, inputTokens);
  const leftPicos = budget.maxCostPicos - spentPicos;
  const restPicos = leftPicos - inputTokens * inputPicos;
  if (restPicos < outputPicos) {
    const reason = `${inputTokens} tokens of input and one of output cost more than the ${leftPicos} that are left`;
    return { state: "refused", reason };
  }
  return {
    state: "affordable",
    outputTokens:
      outputPicos === 0 ? Number.POSITIVE_INFINITY : Math.floor(restPicos / outputPicos),
  };
}
