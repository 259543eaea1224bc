// What the log says of calls that are left before their end, and of generations that go on without them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import {
  CALLER_KEY,
  LONG,
  type LoggedService,
  OPERATOR_KEY,
  readAll,
  SECRET_PROMPT,
  simulated,
  startLoggedService,
  traced,
} from "../support/logged-calls.ts";
import { eventually } from "../support/stack.ts";

const { getProviderStatus } = AdminService.method;
const { generate, streamGenerate, cancelGeneration, resumeStream } = GenerationService.method;

const NUMBERS = {
  attempts: 1,
  provider: "simulator",
  model: "priced",
  requested_model: "priced",
  input_tokens: expect.any(Number),
  output_tokens: expect.any(Number),
  cost_picos: expect.any(Number),
  currency: "USD",
};

let logged: LoggedService;

beforeAll(async () => {
  logged = await startLoggedService();
});

/** Calls that the provider has now: a call that is left earlier has used nothing. */
async function callsAtSimulator(): Promise<number | undefined> {
  const { metadata } = traced(OPERATOR_KEY);
  const { providers } = await logged.client.unary(getProviderStatus, {}, { metadata });
  return providers["simulator"]?.inFlight;
}

afterAll(async () => {
  await logged[Symbol.asyncDispose]();
  for (const secret of [SECRET_PROMPT, CALLER_KEY, OPERATOR_KEY, "steer_wrong"]) {
    expect(logged.tells(secret)).toBe(false);
  }
});

describe("field:S26 the line of a call that was cancelled", () => {
  it.each([
    ["whole", ""],
    ["whole, of a request_id", "cancelled-whole"],
  ])("has what was used until then: %s", async (_, requestId) => {
    const { traceId, metadata } = traced();
    const leaving = new AbortController();
    const call = logged.client.unary(
      generate,
      { spec: simulated({ first_token_ms: 600_000 }), requestId },
      { metadata, signal: leaving.signal },
    );
    const left = expect(call).rejects.toThrow();
    await eventually(async () => (await callsAtSimulator()) === 1);
    leaving.abort();
    await left;
    expect(await logged.lineOf(traceId)).toMatchObject({
      ...NUMBERS,
      code: "CANCELLED",
      reason: "CANCELLED_BY_CALLER",
      generation_id: expect.any(String),
      ...(requestId !== "" && { request_id: requestId, stream_id: expect.any(String) }),
    });
  });

  it.each([
    ["stored", { onDisconnect: DisconnectPolicy.CANCEL }],
    ["ephemeral", { ephemeral: true }],
  ])("has what was used until then: a stream, %s", async (_, options) => {
    const { traceId, metadata } = traced();
    const stream = logged.client.stream(streamGenerate, { spec: LONG, options }, { metadata });
    let streamId = "";
    for await (const { event } of stream) {
      if (event.case === "start") ({ streamId } = event.value);
      if (event.case === "textDelta") break;
    }
    stream.cancel();
    expect(await logged.lineOf(traceId)).toMatchObject({
      ...NUMBERS,
      code: "CANCELLED",
      stream_id: streamId,
      generation_id: expect.any(String),
    });
  });

  it("has what was used until then: by CancelGeneration", async () => {
    const { traceId, metadata } = traced();
    const stream = logged.client.stream(streamGenerate, { spec: LONG }, { metadata });
    let streamId = "";
    const read = (async () => {
      for await (const { event } of stream) {
        if (event.case === "start") ({ streamId } = event.value);
        if (event.case !== "textDelta") continue;
        const target = { case: "streamId", value: streamId } as const;
        await logged.client.unary(cancelGeneration, { target }, { metadata: traced().metadata });
      }
    })();
    await expect(read).rejects.toThrow();
    expect(await logged.lineOf(traceId)).toMatchObject({
      ...NUMBERS,
      code: "CANCELLED",
      reason: "CANCELLED_BY_CALLER",
      stream_id: streamId,
      generation_id: expect.any(String),
    });
  });
});

describe("field:S26 a generation that outlives its call", () => {
  it("has a line when it ends, with what the call could not know", async () => {
    const { traceId, metadata } = traced();
    const spec = { ...simulated({ tokens: 40, pace_ms: 20 }), labels: { team: "billing" } };
    const stream = logged.client.stream(
      streamGenerate,
      { spec, requestId: "outlived-call", options: { onDisconnect: DisconnectPolicy.CONTINUE } },
      { metadata },
    );
    for await (const { event } of stream) if (event.case === "textDelta") break;
    stream.cancel();
    const call = await logged.lineOf(traceId);
    expect(call).toMatchObject({ ...NUMBERS, code: "CANCELLED" });
    const line = await logged.lineOf(traceId, "generation");
    expect(line).toMatchObject({
      ...NUMBERS,
      outcome: "succeeded",
      output_tokens: 40,
      finish_reason: "stop",
      duration_ms: expect.any(Number),
      stream_id: call["stream_id"],
      generation_id: call["generation_id"],
      request_id: "outlived-call",
      caller: "billing",
      labels: { team: "billing" },
    });
    // One that a call has seen to its end has no second line.
    const whole = traced();
    await readAll(
      logged.client.stream(streamGenerate, { spec: simulated({}) }, { metadata: whole.metadata }),
    );
    await logged.lineOf(whole.traceId);
    const again = traced();
    const from = { streamId: String(call["stream_id"]) };
    await readAll(logged.client.stream(resumeStream, from, { metadata: again.metadata }));
    expect(await logged.lineOf(again.traceId)).toMatchObject({ code: "OK", output_tokens: 40 });
    expect(
      logged.service.log
        .filter(({ event }) => event === "generation")
        .map((one) => one["stream_id"]),
    ).not.toContain((await logged.lineOf(whole.traceId))["stream_id"]);
  });

  it("says why it failed", async () => {
    const { traceId, metadata } = traced();
    const stream = logged.client.stream(streamGenerate, { spec: LONG }, { metadata });
    let streamId = "";
    for await (const { event } of stream) {
      if (event.case === "start") ({ streamId } = event.value);
      if (event.case === "textDelta") break;
    }
    stream.cancel();
    await logged.lineOf(traceId);
    const target = { case: "streamId", value: streamId } as const;
    await logged.client.unary(cancelGeneration, { target }, { metadata: traced().metadata });
    expect(await logged.lineOf(traceId, "generation")).toMatchObject({
      ...NUMBERS,
      outcome: "cancelled",
      error: "cancelled",
      reason: "CANCELLED_BY_CALLER",
      stream_id: streamId,
    });
  });
});
