import type { Generation } from "../domain/generation.ts";
import type { CallFields } from "./call-fields.ts";

/** Attempts that were sent. */
export function attemptsOf({ attempts }: Pick<Generation, "attempts">): number {
  return attempts.filter(({ outcome }) => outcome !== "skipped").length;
}

/** What the line of a call says of its generation. */
export function generationFields(generation: Generation): CallFields {
  const { usage, cost, timing, finishReason } = generation;
  const ttft = timing.timeToFirstTokenMs;
  return {
    generation_id: generation.generationId,
    provider: generation.provider,
    model: generation.model,
    attempts: attemptsOf(generation),
    ...(ttft !== undefined && { ttft_ms: Math.round(ttft) }),
    ...(finishReason !== undefined && { finish_reason: finishReason }),
    ...(usage !== undefined && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      usage_source: usage.source,
    }),
    ...(cost !== undefined && {
      cost_picos: cost.totalPicos,
      currency: cost.currency,
      cost_source: cost.source,
    }),
  };
}
