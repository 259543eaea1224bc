import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { TokenCounter } from "../usage/token-counter.ts";

/** A rival attempt is allowed: the request asks for it and is small enough to be sent twice. */
export function hedgePolicy(
  counter: TokenCounter,
  spec: GenerationSpec,
  { model }: RoutedTarget,
  { maxInputTokens }: { readonly maxInputTokens: number },
) {
  const { hedge } = spec.routing;
  // Two attempts at once could each spend the rest of the budget.
  if (hedge === undefined || spec.budget !== undefined) return undefined;
  if (spec.tools.some(({ type }) => type === "provider")) return undefined;
  const { tokens } = counter.estimateInput(model, spec);
  return tokens > maxInputTokens ? undefined : { delayMs: hedge.delayMs };
}
