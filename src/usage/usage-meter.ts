import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { TokenCounts, TokenUsage } from "../domain/token-usage.ts";
import { estimateInput, estimateText } from "./estimator.ts";

/** Counts of one attempt: what the provider reports, completed by estimates where it reports nothing. */
export interface UsageMeter {
  /** Cumulative counts replace earlier ones field by field. */
  report(counts: TokenCounts): void;
  /** `output` is what was received; it is counted only where the provider's number is missing. */
  usage(output: Message): TokenUsage;
}

function messageText(message: Message): string {
  let text = "";
  for (const part of message.parts) {
    if (part.type === "text" || part.type === "refusal" || part.type === "reasoning") {
      text += part.text;
    } else if (part.type === "tool-call") text += part.name + part.argumentsJson;
  }
  return text;
}

export function createUsageMeter(providerType: string, spec: GenerationSpec): UsageMeter {
  let counts: TokenCounts = {};
  return {
    report(update) {
      counts = { ...counts, ...update };
    },
    usage(output) {
      const { inputTokens, outputTokens } = counts;
      if (inputTokens !== undefined && outputTokens !== undefined) {
        return { ...counts, inputTokens, outputTokens, source: "provider" };
      }
      const input = inputTokens === undefined ? estimateInput(providerType, spec) : undefined;
      const text = outputTokens === undefined ? messageText(output) : "";
      const estimated = estimateText(providerType, text);
      return {
        ...counts,
        inputTokens: inputTokens ?? input?.tokens ?? 0,
        outputTokens: outputTokens ?? estimated.tokens,
        source: inputTokens === undefined && outputTokens === undefined ? "estimated" : "mixed",
        estimator: estimated.estimator,
        confidence: estimated.confidence,
      };
    },
  };
}
