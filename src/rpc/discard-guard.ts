// Ensures that a reader that does not accept discards never gets the output of two attempts.
import { GatewayError } from "../domain/gateway-error.ts";
import { decodeEvent, isAttemptNotice, isOutputEvent } from "./encode-event.ts";

/** The position is that of the notice: a reader that drops its output resumes there. */
function outputDiscarded(streamId: string, sequence: number, writer: number): GatewayError {
  const message =
    "the output so far is void, and this call does not say accepts_discard: drop the output and resume behind the notice";
  return new GatewayError("conflict", message, {
    reason: "OUTPUT_DISCARDED",
    metadata: {
      stream_id: streamId,
      last_sequence: String(sequence),
      last_writer: String(writer),
    },
  });
}

/**
 * Tracks the output that one reader without `accepts_discard` has received, and decides which events it may get.
 */
export class DiscardGuard {
  readonly #streamId: string;
  #holdsOutput: boolean;

  /** `holdsOutput`: the reader has output from an earlier call. */
  constructor(streamId: string, holdsOutput: boolean) {
    this.#streamId = streamId;
    this.#holdsOutput = holdsOutput;
  }

  /**
   * Call with each encoded event before it is delivered. Throws `GatewayError` OUTPUT_DISCARDED instead of a notice
   * that voids output which the reader has.
   */
  check(bytes: Uint8Array): void {
    if (!this.#holdsOutput) {
      this.#holdsOutput = isOutputEvent(bytes);
      return;
    }
    if (!isAttemptNotice(bytes)) return;
    const { event, sequence, writer } = decodeEvent(bytes);
    if (event.case !== "attemptNotice" || !event.value.discardOutput) return;
    throw outputDiscarded(this.#streamId, sequence, writer);
  }
}
