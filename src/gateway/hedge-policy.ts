import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { TokenCounter } from "../usage/token-counter.ts";

/**
 * The settings of a rival attempt, if the request asks for one and is small enough to be sent twice; undefined: none
 * is allowed.
 */
export function hedgePolicy(
  counter: TokenCounter,
  spec: GenerationSpec,
  { model }: RoutedTarget,
  { maxInputTokens }: { readonly maxInputTokens: number },
) {
  const { hedge } = spec.routing;
  // Two simultaneous attempts could each spend the rest of the budget.
  if (hedge === undefined || spec.budget !== undefined) return undefined;
  if (spec.tools.some(({ type }) => type === "provider")) return undefined;
  const { tokens } = counter.estimateInput(model, spec);
  return tokens > maxInputTokens ? undefined : { delayMs: hedge.delayMs };
}
