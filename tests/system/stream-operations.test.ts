import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import {
  endless,
  failureOf,
  OPERATOR,
  type OperatedService,
  startOperated,
} from "../support/operated-service.ts";

const { listStreamStates, getStreamState, cancelStream, cleanupStreamStates, resetCircuit } =
  AdminService.method;
const P = StreamPhase;
const hour = durationFromMs(3_600_000);
const noAge = durationFromMs(0);

let operated: OperatedService;
let operator: OperatedService["operator"];

beforeAll(async () => {
  operated = await startOperated();
  ({ operator } = operated);
});

afterAll(async () => {
  await operated[Symbol.asyncDispose]();
});

describe("CancelStream", () => {
  it("ends any stream; what the operator says stands in its error and in the audit log", async () => {
    const { id, rest } = await operated.open(endless);
    const note = "the budget of the month is spent";
    const answer = await operator.unary(cancelStream, { streamId: id, note });
    expect(answer).toMatchObject({ cancelled: true, streamState: { phase: P.CANCELLED } });
    const { events, error } = await rest;
    expect(gatewayErrorOf(error)).toMatchObject({ reason: "CANCELLED_BY_OPERATOR" });
    expect(gatewayErrorOf(error)?.message).toContain(note);
    expect(events.at(-1)?.event.case).toBe("error");
    expect((await operated.stateOf(id)).error?.message).toContain(note);
    expect(await operated.auditOf("CancelStream", { cancelled: true })).toMatchObject({
      caller: OPERATOR,
      target: { stream_id: id, note },
    });
  });

  it("changes nothing at the second time, and on a stream that has ended", async () => {
    const { id, rest } = await operated.open(endless);
    await operator.unary(cancelStream, { streamId: id });
    await rest;
    const again = await operator.unary(cancelStream, { streamId: id });
    expect(again).toMatchObject({ cancelled: false, streamState: { phase: P.CANCELLED } });
    const done = await operated.finished();
    const late = await operator.unary(cancelStream, { streamId: done });
    expect(late).toMatchObject({ cancelled: false, streamState: { phase: P.SUCCEEDED } });
  });

  it("an unknown stream is NOT_FOUND, and the attempt is written down", async () => {
    const unknown = failureOf(operator.unary(cancelStream, { streamId: "s.unknown" }));
    expect(await unknown).toEqual({ code: 5, reason: "STREAM_NOT_FOUND" });
    expect(await operated.auditOf("CancelStream", { error: "not-found" })).toMatchObject({
      target: { stream_id: "s.unknown" },
    });
  });
});

describe("CleanupStreamStates", () => {
  it("asks for an age, and never takes phases that run", async () => {
    expect(await failureOf(operator.unary(cleanupStreamStates, {}))).toMatchObject({ code: 3 });
    for (const phase of [P.PENDING, P.RUNNING, P.ORPHANED]) {
      const request = { olderThan: noAge, phases: [phase] };
      expect(await failureOf(operator.unary(cleanupStreamStates, request))).toMatchObject({
        code: 3,
      });
    }
  });

  it("counts in a dry run, deletes what it counted, and says so to who resumes", async () => {
    await operator.unary(cleanupStreamStates, { olderThan: noAge });
    const ids = [await operated.finished(), await operated.finished(), await operated.finished()];
    const running = await operated.open(endless);
    const sizes = await Promise.all(ids.map(operated.stateOf));
    const bytes = sizes.reduce((sum, { storedBytes }) => sum + storedBytes, 0n);
    const old = await operator.unary(cleanupStreamStates, { olderThan: hour, dryRun: true });
    expect(old).toMatchObject({ matchedCount: 0n, freedBytes: 0n });
    const dry = await operator.unary(cleanupStreamStates, { olderThan: noAge, dryRun: true });
    expect(dry).toMatchObject({
      matchedCount: 3n,
      deletedCount: 0n,
      skippedCount: 1n,
      freedBytes: bytes,
      truncated: false,
    });
    expect(dry.sampleStreamIds.toSorted()).toEqual(ids.toSorted());
    const part = await operator.unary(cleanupStreamStates, { olderThan: noAge, maxDeletions: 2 });
    expect(part).toMatchObject({ deletedCount: 2n, truncated: true, sampleStreamIds: [] });
    const rest = await operator.unary(cleanupStreamStates, { olderThan: noAge, maxDeletions: 2 });
    expect(rest).toMatchObject({ deletedCount: 1n, truncated: false });
    for (const streamId of ids) {
      const gone = { code: 5, reason: "STREAM_EXPIRED" };
      expect(await failureOf(operator.unary(getStreamState, { streamId }))).toEqual(gone);
      expect(await failureOf(operator.unary(cancelStream, { streamId }))).toEqual(gone);
    }
    const { streamStates } = await operator.unary(listStreamStates, {});
    expect(streamStates.map(({ streamId }) => streamId)).toEqual([running.id]);
    expect(await operated.auditOf("CleanupStreamStates", { deleted: 2 })).toMatchObject({
      caller: OPERATOR,
      target: { older_than_ms: 0, dry_run: false, max_deletions: 2 },
    });
    await operator.unary(cancelStream, { streamId: running.id });
  });

  it("takes only the phases that are asked for", async () => {
    await operator.unary(cleanupStreamStates, { olderThan: noAge });
    const done = await operated.finished();
    const cancelled = await operated.open(endless);
    await operator.unary(cancelStream, { streamId: cancelled.id });
    const request = { olderThan: noAge, phases: [P.CANCELLED] };
    expect(await operator.unary(cleanupStreamStates, request)).toMatchObject({ deletedCount: 1n });
    expect((await operated.stateOf(done)).phase).toBe(P.SUCCEEDED);
  });
});

describe("ResetCircuit", () => {
  it("is written down", async () => {
    await operator.unary(resetCircuit, { provider: "simulator" });
    expect(await operated.auditOf("ResetCircuit", { previous_circuit: "closed" })).toMatchObject({
      caller: OPERATOR,
      target: { provider: "simulator", scope: "cluster" },
    });
  });
});
