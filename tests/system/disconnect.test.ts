import { createHash } from "node:crypto";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { eventually, type Stack, startStack } from "../support/stack.ts";
import { collect, refusalOf, spec, streamIdOf } from "../support/stream-calls.ts";

const { generate, streamGenerate, resumeStream, cancelGeneration } = GenerationService.method;
const ALICE_KEY = "steer_key-of-alice-for-tests";
const BOB_KEY = "steer_key-of-bob-for-tests";

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

describe("a lost connection", () => {
  const seconds = (value: number) => ({
    seconds: BigInt(Math.floor(value)),
    nanos: Math.round((value % 1) * 1e9),
  });

  /** A stream whose only reader has gone after the first delta. */
  async function abandoned(options: object, tokens: number) {
    const count = stack.upstream.requests.length;
    const call = stack.client.stream(streamGenerate, {
      spec: spec("chat", { tokens, pace_ms: 50 }),
      options,
    });
    const seen: StreamEvent[] = [];
    for await (const event of call) {
      seen.push(event);
      if (event.event.case === "textDelta") break;
    }
    call.cancel();
    const request = stack.upstream.requests[count];
    if (request === undefined) throw new Error("no request");
    return { request, streamId: streamIdOf(seen) };
  }

  it("leaves the generation running for the grace, and then ends it as abandoned", async () => {
    const options = { disconnectGrace: seconds(0.5) };
    const { request, streamId } = await abandoned(options, 1_000);
    const sent = request.sent;
    await eventually(() => request.sent > sent + 2);
    await eventually(() => request.closedAt !== undefined);
    const { events, error } = await collect(stack.client.stream(resumeStream, { streamId }));
    expect(events.at(-1)?.event.case).toBe("error");
    expect(refusalOf(error)).toMatchObject({
      code: "CANCELLED",
      reason: "CANCELLED_BY_DISCONNECT",
    });
  });

  it("A-37: is no cancel: who resumes in time has all of it", async () => {
    const { request, streamId } = await abandoned({ disconnectGrace: seconds(1) }, 40);
    const { events, error } = await collect(stack.client.stream(resumeStream, { streamId }));
    expect([events.at(-1)?.event.case, error]).toEqual(["complete", undefined]);
    expect(request.closedAt).toBeUndefined();
  });

  it("A-37: a cancel is none: it ends every reader with the reason and the partial usage", async () => {
    const call = stack.client.stream(streamGenerate, {
      spec: spec("chat", { tokens: 1_000, pace_ms: 20 }),
    });
    const first = collect(call);
    const streamId = String((await call.headers).get("x-steer-stream-id")[0]);
    const second = collect(stack.client.stream(resumeStream, { streamId }));
    const target = { case: "streamId", value: streamId } as const;
    expect(await stack.client.unary(cancelGeneration, { target })).toMatchObject({
      cancelled: true,
    });
    for (const { events, error } of [await first, await second]) {
      const { event } = events.at(-1) ?? {};
      if (event?.case !== "error") throw new Error("no error event");
      expect(event.value.partial?.usage?.inputTokens).toBeGreaterThan(0);
      expect(refusalOf(error)).toMatchObject({
        code: "CANCELLED",
        reason: "CANCELLED_BY_CALLER",
      });
    }
    // Again, it changes nothing.
    expect(await stack.client.unary(cancelGeneration, { target })).toMatchObject({
      cancelled: false,
    });
  });

  it("changes nothing where the stream is to go on", async () => {
    const options = { onDisconnect: DisconnectPolicy.CONTINUE };
    const { request, streamId } = await abandoned(options, 30);
    await eventually(() => request.sent === 30);
    const { events, error } = await collect(stack.client.stream(resumeStream, { streamId }));
    expect([events.at(-1)?.event.case, error]).toEqual(["complete", undefined]);
  });

  it("ends an ephemeral stream at once, and a cancel by its id as well", async () => {
    const options = { ephemeral: true };
    const { request } = await abandoned(options, 1_000);
    await eventually(() => request.closedAt !== undefined);
    const call = stack.client.stream(streamGenerate, {
      spec: spec("chat", { tokens: 1_000, pace_ms: 20 }),
      options,
    });
    const reading = collect(call);
    const streamId = String((await call.headers).get("x-steer-stream-id")[0]);
    const target = { case: "streamId", value: streamId } as const;
    expect(await stack.client.unary(cancelGeneration, { target })).toMatchObject({
      cancelled: true,
    });
    const { events, error } = await reading;
    expect(events.at(-1)?.event.case).toBe("error");
    expect(refusalOf(error)).toMatchObject({ reason: "CANCELLED_BY_CALLER" });
    const again = stack.client.unary(cancelGeneration, { target });
    expect(refusalOf(await again.catch((thrown: unknown) => thrown))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("of the RPC's own deadline ends the delivery, and not the stream", async () => {
    const call = stack.client.stream(
      streamGenerate,
      { spec: spec("chat", { tokens: 30, pace_ms: 50 }) },
      { timeoutMs: 500 },
    );
    const { events, error } = await collect(call);
    expect(error).toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
    const rest = await collect(
      stack.client.stream(resumeStream, {
        streamId: streamIdOf(events),
        lastSequence: events.length,
      }),
    );
    expect([rest.events.at(-1)?.event.case, rest.error]).toEqual(["complete", undefined]);
  });
});

describe("streams of another caller", () => {
  it("cannot be told from streams that do not exist, and cannot be cancelled", async () => {
    await using secured = await startStack({
      config: `
callers:
  - {id: alice, role: caller, key_sha256: ${sha256(ALICE_KEY)}}
  - {id: bob, role: caller, key_sha256: ${sha256(BOB_KEY)}}
`,
    });
    const as = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });
    const alice = as(ALICE_KEY);
    const bob = as(BOB_KEY);
    const requestId = "request-of-alice";
    const call = secured.client.stream(
      streamGenerate,
      { spec: spec("chat", { tokens: 100, pace_ms: 20 }), requestId },
      alice,
    );
    const reading = collect(call);
    const streamId = String((await call.headers).get("x-steer-stream-id")[0]);
    const missing = `s.${"0".repeat(32)}`;
    const seen = async (id: string) => {
      const { events, error } = await collect(
        secured.client.stream(resumeStream, { streamId: id }, bob),
      );
      const cancel = secured.client
        .unary(cancelGeneration, { target: { case: "streamId", value: id } }, bob)
        .catch((thrown: unknown) => thrown);
      const refusals = [refusalOf(error), refusalOf(await cancel)];
      return JSON.parse(JSON.stringify([events, refusals]).replaceAll(id, "ID"));
    };
    expect(await seen(streamId)).toEqual(await seen(missing));
    const byKey = secured.client.unary(
      cancelGeneration,
      { target: { case: "requestId", value: requestId } },
      bob,
    );
    expect(refusalOf(await byKey.catch((thrown: unknown) => thrown))).toMatchObject({
      code: "NOT_FOUND",
    });
    // The same key is another caller's own.
    const own = await secured.client.unary(generate, { spec: spec("chat", {}), requestId }, bob);
    expect(own.replayed).toBe(false);
    const { events, error } = await reading;
    expect([events.at(-1)?.event.case, error]).toEqual(["complete", undefined]);
  });
});
