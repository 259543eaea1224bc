// The answer of a unary call: from its own run, or from the end of a stored stream.
import { GatewayError } from "../domain/gateway-error.ts";
import { type Generation, GenerationFailed } from "../domain/generation.ts";
import { pushItemsTo } from "../domain/push-iterable.ts";
import type { GenerationCall, WholeAnswer } from "../ports/gateway.ts";
import { cancelledBy } from "../streams/owned-stream.ts";
import { NO_DELIVERY } from "./delivery.ts";
import type { GenerationRun } from "./generation-run.ts";
import type { BegunStream } from "./stored-generations.ts";

/** A whole answer without a stored stream. Throws `GenerationFailed`. */
export async function unstoredAnswer(run: GenerationRun, signal: AbortSignal): Promise<Generation> {
  const cancel = (): void => run.abort(cancelledBy("caller"));
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel);
  try {
    const outcome = await run.run(NO_DELIVERY);
    if (outcome.state === "failed") throw new GenerationFailed(outcome.failure);
    return outcome.generation;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function isCancelled(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.kind === "cancelled";
}

/** Waits for the end of a stream and drops its other events. */
export async function wholeAnswer(
  { stream, outcome }: BegunStream,
  { onOpen }: GenerationCall,
): Promise<WholeAnswer> {
  onOpen?.(stream.streamId, stream.generationId);
  try {
    await pushItemsTo(stream.deliveries, () => undefined);
  } catch (error) {
    if (stream.soFar === undefined || !isCancelled(error)) throw error;
    throw new GenerationFailed({ error, partial: stream.soFar() });
  }
  const terminal = stream.terminal();
  if (terminal === undefined) throw new GatewayError("internal", "a stream ended without an end");
  const own = await outcome;
  const generation = own?.state === "succeeded" ? own.generation : undefined;
  return { state: "stored", terminal, isReplayed: stream.isReplayed, generation };
}
