// A stored stream as operators see it.
import { GatewayError } from "../domain/gateway-error.ts";
import type { StreamPhase, StreamState } from "../domain/stream-states.ts";
import { readSummary } from "../gateway/stream-summary.ts";
import type { EndPhase } from "../streams/stream-record.ts";
import type { StoredStream } from "../streams/stream-store.ts";

/** Each start of a replica is another writer: the name of its session ends with random digits. */
export function sessionOf(replica: string, incarnation: string): string {
  return `${replica}-${incarnation}`;
}

function replicaOf(session: string): string {
  const end = session.lastIndexOf("-");
  return end < 0 ? session : session.slice(0, end);
}

const ENDED: Readonly<Record<EndPhase, StreamPhase>> = {
  completed: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

function phaseOf({ phase, isOwnerAlive, firstContent }: StoredStream): StreamPhase {
  if (phase !== "running") return ENDED[phase];
  if (!isOwnerAlive) return "orphaned";
  return firstContent === 0 ? "pending" : "running";
}

export function stateOf(stream: StoredStream, readers: number): StreamState {
  const { progress, endedAt, retentionMs } = stream;
  const summary = readSummary(progress);
  const { error } = summary;
  return {
    streamId: stream.streamId,
    generationId: summary.generationId,
    requestId: stream.requestId,
    caller: stream.caller,
    phase: phaseOf(stream),
    requestedModel: summary.requestedModel,
    target: { provider: progress.provider, model: summary.model },
    lastSequence: stream.tail,
    storedBytes: stream.bytes,
    readers,
    owner: replicaOf(stream.owner),
    ownerEpoch: stream.token.epoch,
    attempts: summary.attempts,
    usage: summary.usage,
    error:
      error === undefined
        ? undefined
        : new GatewayError(error.kind, error.message, {
            ...(error.reason !== undefined && { reason: error.reason }),
          }),
    createTimeMs: stream.createdAt,
    updateTimeMs: stream.updatedAt,
    endTimeMs: endedAt,
    expireTimeMs: endedAt === undefined ? undefined : endedAt + retentionMs,
    labels: summary.labels,
  };
}
