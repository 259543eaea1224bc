import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CleanupStreamStatesResponseSchema,
  StreamPhase,
  StreamStateSchema,
} from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StreamState } from "../../../src/domain/stream-states.ts";
import {
  decodePhases,
  encodeCleanup,
  encodeStreamState,
} from "../../../src/rpc/encode-stream-state.ts";

const STREAM: StreamState = {
  streamId: "s.1",
  generationId: "g.1",
  requestId: "",
  caller: "alice",
  phase: "running",
  requestedModel: "m",
  target: { provider: "a", model: "m" },
  lastSequence: 0,
  storedBytes: 0,
  readers: 0,
  owner: "r",
  ownerEpoch: 1,
  attempts: [],
  usage: undefined,
  error: undefined,
  createTimeMs: 1_000,
  updateTimeMs: 2_000,
  endTimeMs: undefined,
  expireTimeMs: undefined,
  labels: {},
};

describe("encodeStreamState", () => {
  const json = (state: Partial<StreamState>) =>
    toJson(StreamStateSchema, encodeStreamState({ ...STREAM, ...state }));
  const names = {
    streamId: "s.1",
    generationId: "g.1",
    caller: "alice",
    phase: "STREAM_PHASE_RUNNING",
    requestedModel: "m",
    target: { provider: "a", model: "m" },
    firstSequence: 1,
    owner: "r",
    ownerEpoch: 1,
    createTime: "1970-01-01T00:00:01Z",
    updateTime: "1970-01-01T00:00:02Z",
  };

  it("of a stream that runs has no end", () => {
    expect(json({})).toEqual(names);
  });

  it("of one that has failed says how, for whom and how long it is kept", () => {
    const state = json({
      requestId: "request-1",
      phase: "failed",
      lastSequence: 7,
      storedBytes: 8,
      readers: 9,
      usage: { inputTokens: 1, outputTokens: 2, source: "provider" },
      error: new GatewayError("network", "why"),
      endTimeMs: 3_000,
      expireTimeMs: 4_000,
      labels: { team: "a" },
    });
    expect(state).toMatchObject({
      ...names,
      requestId: "request-1",
      phase: "STREAM_PHASE_FAILED",
      lastSequence: 7,
      storedBytes: "8",
      subscriberCount: 9,
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3, source: "USAGE_SOURCE_PROVIDER" },
      error: {
        category: "ERROR_CATEGORY_NETWORK",
        message: "why",
        provider: "a",
        model: "m",
        generationId: "g.1",
      },
      endTime: "1970-01-01T00:00:03Z",
      expireTime: "1970-01-01T00:00:04Z",
      labels: { team: "a" },
    });
  });

  it("has the words of operators for phases, which filters name", () => {
    const phases = ["pending", "running", "orphaned", "succeeded", "failed", "cancelled"] as const;
    const words = phases.map((phase) => encodeStreamState({ ...STREAM, phase }).phase);
    expect(words).toEqual([
      StreamPhase.PENDING,
      StreamPhase.RUNNING,
      StreamPhase.ORPHANED,
      StreamPhase.SUCCEEDED,
      StreamPhase.FAILED,
      StreamPhase.CANCELLED,
    ]);
    expect(decodePhases(words)).toEqual(phases);
    expect(decodePhases([StreamPhase.UNSPECIFIED])).toEqual([]);
  });
});

it("encodeCleanup has each count and a sample", () => {
  const report = {
    matched: 1,
    deleted: 2,
    skipped: 3,
    freedBytes: 4,
    sample: ["s.1"],
    truncated: true,
  };
  expect(toJson(CleanupStreamStatesResponseSchema, encodeCleanup(report))).toEqual({
    matchedCount: "1",
    deletedCount: "2",
    skippedCount: "3",
    freedBytes: "4",
    sampleStreamIds: ["s.1"],
    truncated: true,
  });
});
