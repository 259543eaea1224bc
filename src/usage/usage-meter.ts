import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { TokenCounts, TokenUsage } from "../domain/token-usage.ts";
import { answerText, requestText, requestUnits } from "./counted-text.ts";
import type { Estimate } from "./estimate.ts";
import { MAX_LEARNED_UNITS } from "./script-estimator.ts";
import type { TokenCounter } from "./token-counter.ts";

/** Longest wait for exact counts at the end of an attempt; the estimate made at once stands after it. */
const MAX_COUNT_MS = 500;

/** Counts of one attempt: what the provider reports, completed by estimates where it reports nothing. */
export interface UsageMeter {
  /** Cumulative counts replace earlier ones field by field. */
  report(counts: TokenCounts): void;
  /** At once. `output` is what was received; it is counted only where the provider's number is missing. */
  usage(output: Message): TokenUsage;
  /**
   * The attempt has ended. Better counts than `usage` gave, where an estimator
   * takes its time to make them; where the provider reported, they are learned from.
   */
  settle(output: Message): Promise<TokenUsage> | undefined;
}

/** Tokens that were reported of the text that was received: reasoning is not always shown. */
function shownTokens({ outputTokens, reasoningTokens = 0 }: TokenCounts): number | undefined {
  return outputTokens === undefined ? undefined : outputTokens - reasoningTokens;
}

export function createUsageMeter(
  counter: TokenCounter,
  model: Model,
  spec: GenerationSpec,
): UsageMeter {
  let counts: TokenCounts = {};

  function combine(input: Estimate | undefined, output: Estimate | undefined): TokenUsage {
    const { inputTokens, outputTokens } = counts;
    const made = [input, output].filter((each) => each !== undefined);
    // The one that is trusted less speaks for both.
    const [worst] = made.sort((a, b) => a.confidence - b.confidence);
    return {
      ...counts,
      inputTokens: inputTokens ?? input?.tokens ?? 0,
      // What is shown of the reasoning is part of the output; so is what was reported of it.
      outputTokens: outputTokens ?? Math.max(output?.tokens ?? 0, counts.reasoningTokens ?? 0),
      source: made.length === 0 ? "provider" : made.length === 1 ? "mixed" : "estimated",
      ...(worst !== undefined && { estimator: worst.estimator, confidence: worst.confidence }),
    };
  }

  async function count(output: Message): Promise<TokenUsage> {
    const [input, answer] = await Promise.all([
      counts.inputTokens === undefined
        ? counter.count(model, requestText(spec), MAX_COUNT_MS)
        : undefined,
      counts.outputTokens === undefined
        ? counter.count(model, answerText(output), MAX_COUNT_MS)
        : undefined,
    ]);
    return combine(input, answer);
  }

  function learn(output: Message): void {
    if (counts.inputTokens !== undefined && requestUnits(spec) <= MAX_LEARNED_UNITS) {
      counter.learn(model, requestText(spec), counts.inputTokens);
    }
    const shown = shownTokens(counts);
    // Where reasoning is hidden and not reported apart, the text is not all of the output.
    const isWhole = counts.reasoningTokens !== undefined || !model.capabilities.has("reasoning");
    if (shown !== undefined && isWhole) counter.learn(model, answerText(output), shown);
  }

  return {
    report(update) {
      counts = { ...counts, ...update };
    },
    usage(output) {
      const { inputTokens, outputTokens } = counts;
      return combine(
        inputTokens === undefined ? counter.estimateInput(model, spec) : undefined,
        outputTokens === undefined ? counter.estimate(model, answerText(output)) : undefined,
      );
    },
    settle(output) {
      if (counts.inputTokens !== undefined && counts.outputTokens !== undefined) {
        if (counter.takesLesson(model)) learn(output);
        return undefined;
      }
      return counter.isExact(model) ? count(output) : undefined;
    },
  };
}
