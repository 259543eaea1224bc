import { GatewayError } from "../domain/gateway-error.ts";
import { GenerationFailed } from "../domain/generation.ts";
import type { GenerationResult } from "../output/generation-result.ts";
import { answerTimeMs } from "../reliability/attempt-limits.ts";
import type { ReaderDeadline } from "../streams/reader-deadline.ts";

/** The deadline of a call's reading. The generation continues, and `result` supplies its state so far. */
export function readingDeadline(
  timeoutMs: number | undefined,
  result: GenerationResult | undefined,
): ReaderDeadline | undefined {
  if (timeoutMs === undefined) return undefined;
  const error = (): Error => {
    const late = new GatewayError(
      "total-timeout",
      "the call's deadline passed before the end of the stream, which can be resumed",
      // A client can resume the stream with its next call.
      { reason: "DELIVERY_DEADLINE" },
    );
    return result === undefined ? late : new GenerationFailed(result.failureOf(late));
  };
  return { afterMs: answerTimeMs(timeoutMs), error };
}
