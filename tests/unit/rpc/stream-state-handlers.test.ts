import { describe, expect, it } from "vitest";
import { StreamPhase } from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type { HandlerCall } from "../../../src/calls/handler-call.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { StreamOperations, StreamState } from "../../../src/domain/stream-states.ts";
import { createStreamStateHandlers } from "../../../src/rpc/stream-state-handlers.ts";

const STREAM: StreamState = {
  streamId: "s.1",
  generationId: "g.1",
  requestId: "",
  caller: "alice",
  phase: "cancelled",
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

const REPORT = {
  matched: 1,
  deleted: 2,
  skipped: 3,
  freedBytes: 4,
  sample: ["s.1"],
  truncated: true,
};

function setUp(changes: Partial<StreamOperations> = {}) {
  const asked: unknown[][] = [];
  const lines: unknown[] = [];
  const fields: unknown[] = [];
  const operations: StreamOperations = {
    list: async (...given) => {
      asked.push(given);
      return { streams: [STREAM], nextToken: "next" };
    },
    get: async () => STREAM,
    cancel: async (...given) => {
      asked.push(given);
      return { cancelled: true, stream: STREAM };
    },
    cleanup: async (...given) => {
      asked.push(given);
      return REPORT;
    },
    ...changes,
  };
  const handlers = createStreamStateHandlers(operations, (line) => void lines.push(line));
  const call = {
    caller: { id: "ops", role: "operator" },
    log: (more: object) => void fields.push(more),
  } as unknown as HandlerCall;
  return { handlers, call, asked, lines, fields };
}

const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });

describe("calls about stored streams", () => {
  it("list by every filter, a page at a time", async () => {
    const { handlers, call, asked } = setUp();
    const request = {
      phases: [StreamPhase.FAILED],
      provider: "a",
      caller: "alice",
      olderThan: seconds(2),
      pageSize: 5,
      pageToken: "t",
    };
    expect(await handlers.listStreamStates(request as never, call)).toMatchObject({
      streamStates: [{ streamId: "s.1" }],
      nextPageToken: "next",
    });
    await handlers.listStreamStates({ ...request, olderThan: undefined } as never, call);
    const filter = { phases: ["failed"], provider: "a", caller: "alice" };
    expect(asked).toEqual([
      [{ ...filter, olderThanMs: 2_000 }, 5, "t"],
      [{ ...filter, olderThanMs: 0 }, 5, "t"],
    ]);
  });

  it("have the stream on their line", async () => {
    const { handlers, call, fields, lines } = setUp();
    expect(await handlers.getStreamState({ streamId: "s.1" } as never, call)).toMatchObject({
      streamState: { streamId: "s.1" },
    });
    await handlers.cancelStream({ streamId: "s.1", note: "" } as never, call);
    expect(fields).toEqual([{ stream_id: "s.1" }, { stream_id: "s.1" }]);
    // Who only looks changes nothing.
    expect(lines).toHaveLength(1);
  });

  it("cancel with the operator's note, which is audited", async () => {
    const { handlers, call, asked, lines } = setUp();
    const request = { streamId: "s.1", note: "why" };
    expect(await handlers.cancelStream(request as never, call)).toMatchObject({
      cancelled: true,
      streamState: { streamId: "s.1" },
    });
    await handlers.cancelStream({ ...request, note: "" } as never, call);
    expect(asked).toEqual([
      ["s.1", "why"],
      ["s.1", ""],
    ]);
    const line = { caller: "ops", method: "CancelStream" };
    const result = { cancelled: true, phase: "cancelled" };
    expect(lines).toEqual([
      { ...line, target: { stream_id: "s.1", note: "why" }, result },
      { ...line, target: { stream_id: "s.1" }, result },
    ]);
  });

  it("clean up streams that have ended, and no others, and are audited with their counts", async () => {
    const { handlers, call, asked, lines } = setUp();
    const phases = [StreamPhase.RUNNING, StreamPhase.SUCCEEDED, StreamPhase.FAILED];
    const request = {
      olderThan: seconds(3),
      dryRun: true,
      phases: [...phases, StreamPhase.CANCELLED, StreamPhase.PENDING],
      includeOrphaned: true,
      maxDeletions: 9,
    };
    expect(await handlers.cleanupStreamStates(request as never, call)).toMatchObject({
      matchedCount: 1n,
      deletedCount: 2n,
      sampleStreamIds: ["s.1"],
    });
    const order = {
      olderThanMs: 3_000,
      dryRun: true,
      phases: ["succeeded", "failed", "cancelled"],
      includeOrphaned: true,
      maxDeletions: 9,
    };
    expect(asked).toEqual([[order]]);
    expect(lines).toEqual([
      {
        caller: "ops",
        method: "CleanupStreamStates",
        target: {
          older_than_ms: 3_000,
          dry_run: true,
          phases: order.phases,
          include_orphaned: true,
          max_deletions: 9,
        },
        result: { matched: 1, deleted: 2, skipped: 3, freed_bytes: 4, truncated: true },
      },
    ]);
  });

  it("clean up nothing without an age", async () => {
    const { handlers, call, lines } = setUp();
    const request = { olderThan: undefined, phases: [] };
    await expect(handlers.cleanupStreamStates(request as never, call)).rejects.toMatchObject({
      violations: [{ field: "older_than", description: "value is required" }],
    });
    expect(lines).toEqual([]);
  });

  it.each([
    [new GatewayError("not-found", "test"), "not-found"],
    [new Error("defect"), "internal"],
  ])("are audited where they fail: %s", async (error, kind) => {
    const { handlers, call, lines } = setUp({ cancel: () => Promise.reject(error) });
    await expect(handlers.cancelStream({ streamId: "s.1", note: "" } as never, call)).rejects.toBe(
      error,
    );
    expect(lines).toMatchObject([{ caller: "ops", result: { error: kind } }]);
  });
});
