import { create } from "@bufbuild/protobuf";
import {
  CleanupStreamStatesResponseSchema,
  StreamPhase,
  type StreamState,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type * as domain from "../domain/stream-states.ts";
import { encodeGatewayError } from "./encode-error.ts";
import { encodeAttempt, encodeTime, encodeUsage } from "./encode-generation.ts";
import { enumTable } from "./enum-table.ts";

const PHASES = enumTable<domain.StreamPhase, StreamPhase>({
  pending: StreamPhase.PENDING,
  running: StreamPhase.RUNNING,
  orphaned: StreamPhase.ORPHANED,
  succeeded: StreamPhase.SUCCEEDED,
  failed: StreamPhase.FAILED,
  cancelled: StreamPhase.CANCELLED,
});

/** Validation admits only these values. */
export function decodePhases(values: readonly StreamPhase[]): domain.StreamPhase[] {
  return values.flatMap((value) => PHASES.words.get(value) ?? []);
}

/** The log begins with the first event and loses it last. */
const FIRST_SEQUENCE = 1;

function encodeStreamError(state: domain.StreamState, error: NonNullable<typeof state.error>) {
  const encoded = encodeGatewayError(error, undefined);
  const { provider, model } = state.target;
  return { ...encoded, provider, model, generationId: state.generationId };
}

/** A literal costs a third of the library's `create`, and a page has hundreds of states. */
export function encodeStreamState(state: domain.StreamState): StreamState {
  const { usage, error, endTimeMs, expireTimeMs } = state;
  return {
    $typeName: "steer.admin.v1.StreamState",
    streamId: state.streamId,
    generationId: state.generationId,
    requestId: state.requestId,
    caller: state.caller,
    phase: PHASES.values[state.phase],
    requestedModel: state.requestedModel,
    target: { $typeName: "steer.v1.ModelTarget", ...state.target },
    lastSequence: state.lastSequence,
    firstSequence: FIRST_SEQUENCE,
    storedBytes: BigInt(state.storedBytes),
    subscriberCount: state.readers,
    owner: state.owner,
    ownerEpoch: state.ownerEpoch,
    attempts: state.attempts.map(encodeAttempt),
    createTime: encodeTime(state.createTimeMs),
    updateTime: encodeTime(state.updateTimeMs),
    labels: { ...state.labels },
    ...(usage !== undefined && { usage: encodeUsage(usage) }),
    ...(error !== undefined && { error: encodeStreamError(state, error) }),
    ...(endTimeMs !== undefined && { endTime: encodeTime(endTimeMs) }),
    ...(expireTimeMs !== undefined && { expireTime: encodeTime(expireTimeMs) }),
  };
}

export function encodeCleanup(report: domain.CleanupReport) {
  return create(CleanupStreamStatesResponseSchema, {
    matchedCount: BigInt(report.matched),
    deletedCount: BigInt(report.deleted),
    skippedCount: BigInt(report.skipped),
    freedBytes: BigInt(report.freedBytes),
    sampleStreamIds: [...report.sample],
    truncated: report.truncated,
  });
}
