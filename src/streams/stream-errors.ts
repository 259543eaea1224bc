// Errors of streams for callers: `docs/streams.md#what-survives-what`.
import { GatewayError } from "../domain/gateway-error.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import type { WriterLoss } from "./stream-writer-options.ts";

/** The same error for a stream that is unknown, malformed or another caller's. */
export function streamNotFound(streamId: string): GatewayError {
  return new GatewayError("not-found", "no such stream", {
    reason: "STREAM_NOT_FOUND",
    metadata: { resource_type: "stream", resource_name: streamId },
  });
}

/** The error for a stream that cannot be removed before its end. */
export function streamRuns(streamId: string): GatewayError {
  return new GatewayError("conflict", `stream ${streamId} runs: cancel it first`, {
    reason: "STREAM_RUNS",
  });
}

export function streamExpired(streamId: string): GatewayError {
  return new GatewayError("not-found", "the stream's retention has ended", {
    reason: "STREAM_EXPIRED",
    metadata: { resource_type: "stream", resource_name: streamId },
  });
}

/** `tail`: the last sequence in the log. */
export function stateLost(tail: number): GatewayError {
  return new GatewayError("state-lost", "the store has lost events that were delivered", {
    metadata: { last_sequence: String(tail) },
  });
}

export function sequenceAhead(tail: number): GatewayError {
  return new GatewayError("validation", `last_sequence: the stream ends at ${tail} so far`, {
    reason: "SEQUENCE_AHEAD",
    metadata: { last_sequence: String(tail) },
  });
}

/** The reading call is over: it was cancelled, its deadline has passed or its connection is lost. */
export function readerLeft(): GatewayError {
  return new GatewayError("cancelled", "the reader left before the end of the stream");
}

const ELSEWHERE = "the stream goes on at another replica";
const TAKEN_OVER = "another replica has taken the stream over";

export function goesOnElsewhere(): GatewayError {
  return new GatewayError("gateway-overloaded", ELSEWHERE, {
    reason: "DRAINING",
  });
}

/** Whether the error is that of a generation that another replica continues or ends, and records. */
export function isElsewhere({ message }: GatewayError): boolean {
  return message === ELSEWHERE || message === TAKEN_OVER;
}

export function requestIdReused(): GatewayError {
  return new GatewayError("conflict", "request_id: used before with another request", {
    reason: "REQUEST_ID_REUSED",
  });
}

/** Errors of writers that stopped before the end of their stream. */
const LOSSES: Readonly<Record<WriterLoss, () => GatewayError>> = {
  fenced: () => new GatewayError("owner-lost", TAKEN_OVER),
  lost: () => new GatewayError("state-lost", "the store has lost the stream"),
  unavailable: () => storeUnavailable(),
};

export function writerLost(loss: WriterLoss): GatewayError {
  return LOSSES[loss]();
}
