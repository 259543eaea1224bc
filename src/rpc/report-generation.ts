import type { DescEnum } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { AttemptOutcome } from "../../gen/service/steer/v1/error_pb.ts";
import { FinishReasonSchema, type Generation } from "../../gen/service/steer/v1/generation_pb.ts";
import { CostSourceSchema, UsageSourceSchema } from "../../gen/service/steer/v1/usage_pb.ts";
import type { HandlerCall } from "./handlers.ts";

/** A value of an enumeration as a word: `MAX_TOKENS` is `max-tokens`. */
function word(schema: DescEnum, value: number): string {
  const name = schema.value[value]?.localName ?? String(value);
  return name.toLowerCase().replaceAll("_", "-");
}

/** Tells of a generation that has ended, on the log line and in the trailers. */
export function reportGeneration(call: HandlerCall, generation: Generation): void {
  const { usage, cost, timing, finishReason } = generation;
  const attempts = generation.attempts.filter(
    ({ outcome }) => outcome !== AttemptOutcome.SKIPPED,
  ).length;
  const ttft = timing?.timeToFirstToken;
  call.setTrailer("x-steer-attempts", String(attempts));
  call.log({
    generation_id: generation.generationId,
    provider: generation.provider,
    model: generation.model,
    attempts,
    ...(ttft !== undefined && { ttft_ms: Math.round(durationMs(ttft)) }),
    ...(finishReason > 0 && { finish_reason: word(FinishReasonSchema, finishReason) }),
    ...(usage !== undefined && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      usage_source: word(UsageSourceSchema, usage.source),
    }),
    ...(cost !== undefined && {
      // Costs are exact in a double, or unset.
      cost_picos: Number(cost.totalPicos),
      currency: cost.currencyCode,
      cost_source: word(CostSourceSchema, cost.source),
    }),
  });
}
