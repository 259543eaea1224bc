// Stored streams as tables.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  StreamPhase,
  type StreamState,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";

export const PHASES: Readonly<Record<string, StreamPhase>> = {
  pending: StreamPhase.PENDING,
  running: StreamPhase.RUNNING,
  orphaned: StreamPhase.ORPHANED,
  succeeded: StreamPhase.SUCCEEDED,
  failed: StreamPhase.FAILED,
  cancelled: StreamPhase.CANCELLED,
};

export function phaseWord(phase: StreamPhase): string {
  return Object.entries(PHASES).find(([, value]) => value === phase)?.[0] ?? String(phase);
}

function time(at: Timestamp | undefined): string {
  return at === undefined ? "-" : timestampDate(at).toISOString();
}

export const STREAM_HEAD = [
  "stream",
  "phase",
  "caller",
  "provider",
  "model",
  "events",
  "bytes",
  "readers",
  "owner",
  "created",
  "ended",
];

export function streamRow(state: StreamState): string[] {
  return [
    state.streamId,
    phaseWord(state.phase),
    state.caller,
    state.target?.provider || "-",
    state.target?.model || "-",
    String(state.lastSequence),
    String(state.storedBytes),
    String(state.subscriberCount),
    state.owner,
    time(state.createTime),
    time(state.endTime),
  ];
}

/** All known facts about one stream, one per line. */
export function streamLines(state: StreamState): string[][] {
  const { usage, error } = state;
  const rows = STREAM_HEAD.map((name, index) => [name, streamRow(state)[index] ?? ""]);
  return [
    ...rows,
    ["updated", time(state.updateTime)],
    ["deleted at", time(state.expireTime)],
    ["generation", state.generationId],
    ["request id", state.requestId || "-"],
    ["requested model", state.requestedModel],
    ["owner epoch", String(state.ownerEpoch)],
    ["attempts", String(state.attempts.length)],
    ...(usage === undefined
      ? []
      : [["tokens", `${usage.inputTokens} in, ${usage.outputTokens} out`]]),
    ...(error === undefined ? [] : [["error", `${error.reason}: ${error.message}`]]),
    ...Object.entries(state.labels).map(([name, value]) => ["label", `${name}=${value}`]),
  ];
}
