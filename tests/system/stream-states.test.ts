import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AdminService,
  type ListStreamStatesRequestSchema,
  StreamPhase,
} from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { AttemptOutcome } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  CALLER,
  endless,
  failureOf,
  type OperatedService,
  PROMPT,
  startOperated,
} from "../support/operated-service.ts";
import { eventually } from "../support/stack.ts";

const { resumeStream, cancelGeneration } = GenerationService.method;
const { listStreamStates, getStreamState, cancelStream } = AdminService.method;
const P = StreamPhase;
const hour = durationFromMs(3_600_000);

let operated: OperatedService;
let operator: OperatedService["operator"];

beforeAll(async () => {
  operated = await startOperated();
  ({ operator } = operated);
});

afterAll(async () => {
  await operated[Symbol.asyncDispose]();
});

describe("GetStreamState", () => {
  it("shows everything that is known of a stream that has ended, and no content", async () => {
    const before = Date.now();
    const id = await operated.finished({ label: "whole", requestId: "request-0001" });
    const state = await operated.stateOf(id);
    expect(state).toMatchObject({
      streamId: id,
      requestId: "request-0001",
      caller: CALLER,
      phase: P.SUCCEEDED,
      requestedModel: "simulator",
      target: { provider: "simulator", model: "simulator" },
      firstSequence: 1,
      subscriberCount: 0,
      owner: operated.service.log[0]?.["replica"],
      ownerEpoch: 1,
      attempts: [{ index: 1, provider: "simulator", outcome: AttemptOutcome.SUCCEEDED }],
      usage: { outputTokens: 3 },
      labels: { test: "whole" },
    });
    expect(state.error).toBeUndefined();
    expect(state.generationId).not.toBe("");
    expect(state.lastSequence).toBeGreaterThan(2);
    expect(Number(state.storedBytes)).toBeGreaterThan(100);
    const time = (of: "createTime" | "updateTime" | "endTime" | "expireTime"): number => {
      const at = state[of];
      if (at === undefined) throw new Error(`no ${of}`);
      return timestampMs(at);
    };
    expect(time("createTime")).toBeGreaterThanOrEqual(before);
    expect(time("updateTime")).toBeGreaterThanOrEqual(time("createTime"));
    expect(time("endTime")).toBe(time("updateTime"));
    expect(time("expireTime")).toBe(time("endTime") + 900_000);
    expect(
      JSON.stringify(state, (_key, value) => (typeof value === "bigint" ? "" : value)),
    ).not.toContain(PROMPT);
  });

  it("shows why a stream has failed", async () => {
    const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, status: 401 }));
    const id = await operated.finished({ script: { faults } });
    const state = await operated.stateOf(id);
    expect(state).toMatchObject({ phase: P.FAILED, error: { provider: "simulator" } });
    expect(state.error?.reason).not.toBe("");
    expect(state.attempts.length).toBeGreaterThan(0);
  });

  it("counts who reads it here, and knows its phases while it runs", async () => {
    const stream = await operated.open({ tokens: 100_000, paceMs: 30 });
    await eventually(async () => (await operated.stateOf(stream.id)).phase === P.RUNNING);
    const second = operated.caller.stream(resumeStream, { streamId: stream.id });
    const reading = (async () => {
      for await (const _ of second);
    })().catch(() => {});
    await eventually(async () => (await operated.stateOf(stream.id)).subscriberCount === 2);
    const state = await operated.stateOf(stream.id);
    expect(state.endTime).toBeUndefined();
    expect(state.expireTime).toBeUndefined();
    second.cancel();
    await reading;
    await eventually(async () => (await operated.stateOf(stream.id)).subscriberCount === 1);
    await operated.caller.unary(cancelGeneration, {
      target: { case: "streamId", value: stream.id },
    });
    await stream.rest;
    expect((await operated.stateOf(stream.id)).phase).toBe(P.CANCELLED);
  });

  it("does not know what was never there", async () => {
    for (const streamId of ["s.0", "e.1", "'; DROP TABLE stream", "s.\u{1F600}"]) {
      const unknown = failureOf(operator.unary(getStreamState, { streamId }));
      expect(await unknown).toEqual({ code: 5, reason: "STREAM_NOT_FOUND" });
    }
  });
});

describe("ListStreamStates", () => {
  it("pages through all streams, newest first, each once", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++)
      ids.push(await operated.finished({ label: `page ${index}` }));
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await operator.unary(listStreamStates, { pageSize: 2, pageToken });
      expect(page.streamStates.length).toBeLessThanOrEqual(2);
      seen.push(...page.streamStates.map(({ streamId }) => streamId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids.toReversed());
  });

  it("a token belongs to its filter; the page size may change", async () => {
    const { nextPageToken } = await operator.unary(listStreamStates, { pageSize: 1 });
    expect(nextPageToken).not.toBe("");
    const other = { pageSize: 1, pageToken: nextPageToken, provider: "simulator" };
    expect(await failureOf(operator.unary(listStreamStates, other))).toMatchObject({ code: 3 });
    const broken = operator.unary(listStreamStates, { pageToken: "m50" });
    expect(await failureOf(broken)).toMatchObject({ code: 3 });
    const more = await operator.unary(listStreamStates, {
      pageSize: 600,
      pageToken: nextPageToken,
    });
    expect(more.streamStates.length).toBeGreaterThan(1);
  });

  it("filters by phase, provider, caller and age", async () => {
    const waiting = await operated.open({ ...endless, script: { first_token_ms: 60_000 } });
    const running = await operated.open(endless);
    await eventually(async () => (await operated.stateOf(running.id)).phase === P.RUNNING);
    const idsOf = async (filter: MessageInitShape<typeof ListStreamStatesRequestSchema>) => {
      const { streamStates } = await operator.unary(listStreamStates, { pageSize: 500, ...filter });
      return streamStates.map(({ streamId }) => streamId);
    };
    expect(await idsOf({ phases: [P.PENDING] })).toEqual([waiting.id]);
    expect(await idsOf({ phases: [P.RUNNING] })).toEqual([running.id]);
    expect(await idsOf({ phases: [P.PENDING, P.RUNNING] })).toEqual([running.id, waiting.id]);
    expect(await idsOf({ phases: [P.ORPHANED] })).toEqual([]);
    const succeeded = await idsOf({ phases: [P.SUCCEEDED] });
    expect(succeeded.length).toBeGreaterThan(5);
    expect(succeeded).not.toContain(running.id);
    expect(await idsOf({ provider: "openai" })).toEqual([]);
    expect(await idsOf({ provider: "simulator" })).toContain(running.id);
    expect(await idsOf({ caller: "nobody" })).toEqual([]);
    expect(await idsOf({ caller: CALLER })).toContain(running.id);
    expect(await idsOf({ olderThan: hour })).toEqual([]);
    for (const { id, rest } of [waiting, running]) {
      await operator.unary(cancelStream, { streamId: id });
      await rest;
    }
  });

  it("pages as well where the store cannot tell the phase", async () => {
    const streams = [
      await operated.open(endless),
      await operated.open(endless),
      await operated.open(endless),
    ];
    for (const { id } of streams) {
      await eventually(async () => (await operated.stateOf(id)).phase === P.RUNNING);
    }
    const first = await operator.unary(listStreamStates, { pageSize: 2, phases: [P.RUNNING] });
    const { nextPageToken: pageToken } = first;
    const second = await operator.unary(listStreamStates, { pageToken, phases: [P.RUNNING] });
    const seen = [...first.streamStates, ...second.streamStates].map(({ streamId }) => streamId);
    expect(seen).toEqual(streams.map(({ id }) => id).toReversed());
    for (const { id } of streams) await operator.unary(cancelStream, { streamId: id });
  });
});
