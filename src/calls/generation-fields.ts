import type { Generation } from "../domain/generation.ts";
import type { EndedGeneration } from "../ports/gateway.ts";
import { type CallFields, failureFields } from "./call-fields.ts";
import type { GenerationLine } from "./handler-call.ts";

/** Attempts that were sent. */
export function attemptsOf({ attempts }: Pick<Generation, "attempts">): number {
  return attempts.filter(({ outcome }) => outcome !== "skipped").length;
}

/** Fields of a call's log line that describe its generation. */
export function generationFields(generation: Generation) {
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
  } satisfies CallFields;
}

/** The line of a generation that no call waits for. */
export function generationLine({ generation, error }: EndedGeneration): GenerationLine {
  const cancelled = error?.kind === "cancelled";
  return {
    outcome: error === undefined ? "succeeded" : cancelled ? "cancelled" : "failed",
    ...(error !== undefined && failureFields(error)),
    duration_ms: Math.round(generation.timing.totalMs),
    requested_model: generation.requestedModel,
    ...generationFields(generation),
  };
}
