import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { TokenCounts, TokenUsage } from "../domain/token-usage.ts";
import type { Received, UsageMeter } from "../domain/usage-meter.ts";
import { answerText, requestText, requestUnits } from "./counted-text.ts";
import type { Estimate } from "./estimate.ts";
import { MAX_LEARNED_UNITS } from "./script-estimator.ts";
import type { TokenCounter } from "./token-counter.ts";

/** Longest wait for exact counts at the end of an attempt, in milliseconds. After it, the estimate is used. */
const MAX_COUNT_MS = 500;

const AS_IT_IS: Received = { chunks: 0, isMissing: false };

/** Reported tokens of the received text. Reasoning is not always visible. */
function shownTokens({ outputTokens, reasoningTokens = 0 }: TokenCounts): number | undefined {
  return outputTokens === undefined ? undefined : outputTokens - reasoningTokens;
}

export function createUsageMeter(
  counter: TokenCounter,
  model: Model,
  spec: GenerationSpec,
): UsageMeter {
  let counts: TokenCounts = {};

  /** The estimate of an output, corrected by facts beside its text. */
  function ofOutput(estimate: Estimate, text: string, received: Received): Estimate {
    const least = Math.max(received.chunks, text === "" ? 0 : 1);
    return {
      ...estimate,
      tokens: Math.max(least, estimate.tokens),
      ...(received.isMissing && { confidence: 0 }),
    };
  }

  function combine(
    input: Estimate | undefined,
    output: Estimate | undefined,
    { isMissing }: Received,
  ): TokenUsage {
    const { inputTokens, outputTokens } = counts;
    const unseen = spec.sampling.maxOutputTokens ?? model.maxOutputTokens;
    const isUnseen = isMissing && outputTokens === undefined && unseen !== undefined;
    const made = [input, output].filter((each) => each !== undefined);
    // Estimator and confidence are those of the less trusted estimate.
    const [worst] = made.sort((a, b) => a.confidence - b.confidence);
    return {
      ...counts,
      inputTokens: inputTokens ?? input?.tokens ?? 0,
      // The output includes visible reasoning and reported reasoning.
      outputTokens: outputTokens ?? Math.max(output?.tokens ?? 0, counts.reasoningTokens ?? 0),
      source: made.length === 0 ? "provider" : made.length === 1 ? "mixed" : "estimated",
      ...(isUnseen && { unseenOutputTokens: unseen }),
      ...(worst !== undefined && { estimator: worst.estimator, confidence: worst.confidence }),
    };
  }

  async function count(output: Message, received: Received): Promise<TokenUsage> {
    const counted = answerText(output);
    const [input, answer] = await Promise.all([
      counts.inputTokens === undefined
        ? counter.count(model, requestText(spec), MAX_COUNT_MS)
        : undefined,
      counts.outputTokens === undefined ? counter.count(model, counted, MAX_COUNT_MS) : undefined,
    ]);
    const made = answer === undefined ? undefined : ofOutput(answer, counted.text, received);
    return combine(input, made, received);
  }

  function learn(output: Message, inputTokens: number): void {
    if (requestUnits(spec) <= MAX_LEARNED_UNITS) {
      counter.learn(model, requestText(spec), inputTokens);
    }
    const shown = shownTokens(counts);
    // If reasoning is hidden and not reported separately, the text is not the whole output.
    const isWhole = counts.reasoningTokens !== undefined || !model.capabilities.has("reasoning");
    if (shown !== undefined && isWhole) counter.learn(model, answerText(output), shown);
  }

  return {
    report(update, impossible = []) {
      const known = { ...counts, ...update };
      for (const name of impossible) delete known[name];
      counts = known;
    },
    usage(output, received = AS_IT_IS) {
      const { inputTokens, outputTokens } = counts;
      const input = inputTokens === undefined ? counter.estimateInput(model, spec) : undefined;
      if (outputTokens !== undefined) return combine(input, undefined, received);
      const counted = answerText(output);
      const made = ofOutput(counter.estimate(model, counted), counted.text, received);
      return combine(input, made, received);
    },
    settle(output, received = AS_IT_IS) {
      const { inputTokens, outputTokens } = counts;
      if (inputTokens !== undefined && outputTokens !== undefined) {
        if (counter.takesLesson(model)) learn(output, inputTokens);
        return undefined;
      }
      return counter.isExact(model) ? count(output, received) : undefined;
    },
  };
}
