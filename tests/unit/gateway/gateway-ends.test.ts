import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import type { OpenStream } from "../../../src/ports/gateway.ts";
import { testRouting } from "../../support/provider-request.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const text: ProviderEvent = { type: "text-delta", partIndex: 0, text: "a" };
const ANSWER: readonly ProviderEvent[] = [
  text,
  { type: "part-end", partIndex: 0 },
  { type: "finish", reason: "stop", rawReason: "end" },
];
const endless: Answer = async function* (signal) {
  yield text;
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
};
const EPHEMERAL = { ...STREAM_OPTIONS, ephemeral: true, onDisconnect: "cancel" } as const;
const requestId = "request-1";

type TestGateway = ReturnType<typeof createTestGateway>;

const named = (set: TestGateway) => ({
  ...set.call,
  identity: { ...set.call.identity, requestId, fingerprint: "same" },
});

it("a caller who leaves a whole answer that has a key is told what there was of it", async () => {
  const set = createTestGateway(endless);
  const answer = set.gateway.generate(named(set)).catch((error: unknown) => error);
  await set.clock.advance(10);
  set.controller.abort();
  await set.clock.advance(10);
  const error = await answer;
  expect(error).toBeInstanceOf(GenerationFailed);
  expect((error as GenerationFailed).failure).toMatchObject({
    error: { kind: "cancelled" },
    partial: { generationId: "id-0" },
  });
});

/** The writers that the events of a stream name. */
async function writersOf({ deliveries }: OpenStream): Promise<readonly number[]> {
  const writers = new Set<number>();
  for await (const delivery of deliveries) {
    if (delivery.type !== "events") continue;
    for (const bytes of delivery.events) writers.add(fromBinary(StreamEventSchema, bytes).writer);
  }
  return [...writers];
}

it("the events of a stream that cannot be resumed name no writer", async () => {
  const ephemeral = createTestGateway(ANSWER);
  const first = ephemeral.gateway.streamGenerate(ephemeral.call, EPHEMERAL);
  expect(await writersOf(await first)).toEqual([0]);
  const away = createTestGateway(ANSWER);
  away.faulty.faults.isDown = true;
  const second = away.gateway.streamGenerate(named(away), STREAM_OPTIONS);
  await away.clock.advance(100);
  expect(await writersOf(await second)).toEqual([0]);
  const stored = createTestGateway(ANSWER);
  const third = stored.gateway.streamGenerate(stored.call, STREAM_OPTIONS);
  expect(await writersOf(await third)).not.toContain(0);
});

describe("a key while the store is away", () => {
  it("is kept here: its generation joins, and can be cancelled by it", async () => {
    const set = createTestGateway(endless);
    set.faulty.faults.isDown = true;
    const first = set.gateway.streamGenerate(named(set), STREAM_OPTIONS);
    await set.clock.advance(100);
    const events = set.collect(await first);
    const second = set.gateway.streamGenerate(named(set), STREAM_OPTIONS);
    await set.clock.advance(100);
    expect((await second).isReplayed).toBe(true);
    const joined = set.collect(await second);
    expect(set.calls()).toBe(1);
    expect(await set.gateway.cancelGeneration("alice", { requestId })).toBe(true);
    await set.clock.advance(100);
    expect((await events).at(-1)?.body).toMatchObject({
      type: "error",
      failure: { error: { kind: "cancelled", reason: "CANCELLED_BY_CALLER" } },
    });
    expect((await joined).at(-1)?.body.type).toBe("error");
    expect(await set.gateway.cancelGeneration("alice", { requestId })).toBe(false);
  });
});

it("a stream whose time to be kept has passed is known, and cannot be resumed", async () => {
  const set = createTestGateway(ANSWER);
  const options = { ...STREAM_OPTIONS, retentionMs: 1_000 };
  const stream = await set.gateway.streamGenerate(set.call, options);
  await set.collect(stream);
  const resume = async () =>
    set.gateway.resumeStream({
      caller: "alice",
      streamId: stream.streamId,
      cursor: { sequence: 0, writer: 0 },
      signal: set.controller.signal,
      timeoutMs: undefined,
    });
  expect((await resume()).streamId).toBe(stream.streamId);
  await set.clock.advance(1_001);
  await set.faulty.peer.reap(60_000, 100);
  await expect(resume()).rejects.toMatchObject({ reason: "STREAM_EXPIRED" });
  expect(set.resumed.at(-1)).toBe("STREAM_EXPIRED");
});

it("a stream whose first event cannot be told leaves nothing behind", async () => {
  for (const options of [EPHEMERAL, STREAM_OPTIONS]) {
    const set = createTestGateway(ANSWER);
    set.faults.break("encode start");
    await expect(set.gateway.streamGenerate(set.call, options)).rejects.toThrow("secret");
    expect(set.runs.active).toBe(0);
    expect(set.calls()).toBe(0);
    expect(set.clock.pendingTimers).toBe(0);
  }
});

describe("output that lacks its format", () => {
  const json = (value: string): readonly ProviderEvent[] => [
    { type: "text-delta", partIndex: 0, text: value },
    ...ANSWER.slice(1),
  ];

  it.each([
    ["its reader accepts discards", true, "fail", "retry", 2],
    ["its request names RESTART", false, "restart", "retry", 2],
    ["its reader could not be shown another", false, "fail", "retry", 1],
    ["it is to be told of", true, "fail", "fail", 1],
  ] as const)("%s", async (_name, acceptsDiscard, midStreamRecovery, onInvalid, calls) => {
    let asked = 0;
    const set = createTestGateway(() => {
      asked++;
      const answer = json(asked === 1 ? "no JSON" : '{"a": 1}');
      return (async function* () {
        yield* answer;
      })();
    });
    const routing = testRouting({ midStreamRecovery });
    const outputFormat = { type: "json-object", onInvalid } as const;
    const spec = { ...set.call.spec, routing, outputFormat };
    const call = { ...set.call, acceptsDiscard, spec };
    const events = set.collect(await set.gateway.streamGenerate(call, STREAM_OPTIONS));
    await set.clock.advance(5_000);
    const types = (await events).map(({ body }) => body.type);
    expect(asked).toBe(calls);
    expect(types.includes("attempt-notice")).toBe(calls === 2);
    expect(types.at(-1)).toBe(calls === 2 ? "complete" : "error");
  });
});
