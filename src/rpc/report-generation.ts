import type { DescEnum } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { AttemptOutcome } from "../../gen/service/steer/v1/error_pb.ts";
import { FinishReasonSchema, type Generation } from "../../gen/service/steer/v1/generation_pb.ts";
import { CostSourceSchema, UsageSourceSchema } from "../../gen/service/steer/v1/usage_pb.ts";
import type { HandlerCall } from "../calls/handler-call.ts";

/** Values of an enum in words: `MAX_TOKENS` is `max-tokens`. */
function wordsOf({ values }: DescEnum): (value: number) => string {
  const words = new Map(
    values.map(({ number, localName }) => [number, localName.toLowerCase().replaceAll("_", "-")]),
  );
  return (value) => words.get(value) ?? String(value);
}

const finishWord = wordsOf(FinishReasonSchema);
const usageWord = wordsOf(UsageSourceSchema);
const costWord = wordsOf(CostSourceSchema);

/** Number of attempts sent. */
function attemptsOf({ attempts }: Generation): number {
  return attempts.filter(({ outcome }) => outcome !== AttemptOutcome.SKIPPED).length;
}

/** Fields of a log line about a generation. */
function generationFields(generation: Generation) {
  const { usage, cost, timing, finishReason } = generation;
  const ttft = timing?.timeToFirstToken;
  return {
    generation_id: generation.generationId,
    provider: generation.provider,
    model: generation.model,
    attempts: attemptsOf(generation),
    ...(ttft !== undefined && { ttft_ms: Math.round(durationMs(ttft)) }),
    ...(finishReason > 0 && { finish_reason: finishWord(finishReason) }),
    ...(usage !== undefined && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      usage_source: usageWord(usage.source),
    }),
    ...(cost !== undefined && {
      // Costs are exact in a double, or unset.
      cost_picos: Number(cost.totalPicos),
      currency: cost.currencyCode,
      cost_source: costWord(cost.source),
    }),
  };
}

/** Reports a generation, as far as its call has read it, on the log line and in the trailers. */
export function reportGeneration(call: HandlerCall, generation: Generation): void {
  call.setTrailer("x-steer-attempts", String(attemptsOf(generation)));
  call.log(generationFields(generation));
}
