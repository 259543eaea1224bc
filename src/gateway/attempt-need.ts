// The most that an attempt can use, computed before it is sent: the amount to reserve of its caller's limits.
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { TokenUsage } from "../domain/token-usage.ts";
import type { AttemptNeed } from "../ports/call-limits.ts";
import { dearestPrices, inputBoundOf } from "../usage/dearest-prices.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { UsualOutput } from "../usage/usual-output.ts";

/** The estimators of an attempt before it is sent. */
export interface NeedMeasures {
  readonly counter: TokenCounter;
  readonly usualOutput: UsualOutput;
}

/** Tokens and money of a request as it is sent to a target. Money at the dearest prices that can apply. */
export function needOf(
  { counter, usualOutput }: NeedMeasures,
  { model, options }: Pick<RoutedTarget, "model" | "options">,
  spec: GenerationSpec,
): AttemptNeed {
  const input = inputBoundOf(counter.estimateInput(model, spec), model, spec, options);
  const sent = model.parameters.has("sampling.max_output_tokens")
    ? spec.sampling.maxOutputTokens
    : undefined;
  const tokens = input.tokens + (sent ?? usualOutput.of(model));
  const { pricing } = model;
  if (pricing === undefined) return { tokens, picos: undefined };
  const { inputPicos, outputPicos } = dearestPrices(pricing, input);
  const most = sent ?? model.maxOutputTokens ?? usualOutput.of(model);
  return { tokens, picos: input.tokens * inputPicos + most * outputPicos };
}

/** Input and output of a usage. */
export function tokensOf(usage: TokenUsage | undefined): number {
  return usage === undefined ? 0 : usage.inputTokens + usage.outputTokens;
}
