// What the log says of calls that are refused or fail: read from the process's standard output.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
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

const { generate, streamGenerate } = GenerationService.method;

let logged: LoggedService;

beforeAll(async () => {
  logged = await startLoggedService();
});

afterAll(async () => {
  await logged[Symbol.asyncDispose]();
  for (const secret of [SECRET_PROMPT, CALLER_KEY, OPERATOR_KEY, "steer_wrong"]) {
    expect(logged.tells(secret)).toBe(false);
  }
});

describe("field:S26 the line of a call that was refused", () => {
  it.each([
    ["without a key", null, "CREDENTIALS_MISSING"],
    ["with a wrong one", "steer_wrong", "CREDENTIALS_INVALID"],
  ])("says why: %s", async (_, key, reason) => {
    const { traceId, metadata } = traced(key);
    const headers = { ...metadata, "idempotency-key": `refused-${traceId}` };
    await expect(
      logged.client.unary(generate, { spec: simulated({}) }, { metadata: headers }),
    ).rejects.toThrow();
    const line = await logged.lineOf(traceId);
    expect(line).toMatchObject({
      code: "UNAUTHENTICATED",
      error: "unauthenticated",
      reason,
      request_id: headers["idempotency-key"],
    });
  });

  it("says why: the wrong role", async () => {
    const { traceId, metadata } = traced();
    const reset = AdminService.method.resetCircuit;
    await expect(
      logged.client.unary(reset, { provider: "simulator" }, { metadata }),
    ).rejects.toThrow();
    expect(await logged.lineOf(traceId)).toMatchObject({
      code: "PERMISSION_DENIED",
      caller: "billing",
      reason: expect.stringMatching(/^[A-Z_]+$/),
    });
  });

  it.each([
    [
      "a rule of the contract",
      { ...LONG, sampling: { temperature: 7 } },
      "spec.sampling.temperature",
    ],
    [
      "a rule of the service",
      { ...LONG, prompt: "", messages: [{ role: 77 as never, parts: [] }] },
      /^spec\.messages\[0\]/,
    ],
    [
      "a map, whose key is the caller's",
      { ...LONG, labels: { [SECRET_PROMPT]: "x" } },
      "spec.labels[*]",
    ],
    [
      "an option of the provider",
      simulated({ tokens: -1 }),
      "spec.provider_options.simulator.tokens",
    ],
  ])("has the field of %s, and no value", async (_, spec, field) => {
    const { traceId, metadata } = traced();
    const requestId = `invalid-${traceId}`;
    await expect(
      logged.client.unary(generate, { spec: spec as never, requestId }, { metadata }),
    ).rejects.toThrow();
    const line = await logged.lineOf(traceId);
    expect(line).toMatchObject({
      code: "INVALID_ARGUMENT",
      error: "validation",
      reason: "INVALID_REQUEST",
      field: typeof field === "string" ? field : expect.stringMatching(field),
      requested_model: "priced",
      request_id: requestId,
      caller: "billing",
    });
    expect(JSON.stringify(line)).not.toContain(SECRET_PROMPT);
  });

  it("has the model that nobody offers, and none that is a text", async () => {
    const { traceId, metadata } = traced();
    const unknown = { ...LONG, model: "no-such-model" };
    await expect(logged.client.unary(generate, { spec: unknown }, { metadata })).rejects.toThrow();
    expect(await logged.lineOf(traceId)).toMatchObject({
      reason: "MODEL_NOT_FOUND",
      requested_model: "no-such-model",
    });
    const other = traced();
    const spec = { ...LONG, model: SECRET_PROMPT };
    await expect(
      logged.client.unary(generate, { spec }, { metadata: other.metadata }),
    ).rejects.toThrow();
    expect(await logged.lineOf(other.traceId)).not.toHaveProperty("requested_model");
  });
});

describe("field:S26 the line of a call that failed", () => {
  it("has the provider and the attempts", async () => {
    const faults = [1, 2, 3].map((attempt) => ({ attempt, status: 503 }));
    const { traceId, metadata } = traced();
    const spec = { ...simulated({ faults }), retry: { maxAttempts: 1 } };
    await expect(
      logged.client.unary(generate, { spec, requestId: "failing-call" }, { metadata }),
    ).rejects.toThrow();
    expect(await logged.lineOf(traceId)).toMatchObject({
      code: "UNAVAILABLE",
      error: "server-error",
      reason: "PROVIDER_ERROR",
      provider: "simulator",
      requested_model: "priced",
      attempts: 1,
      request_id: "failing-call",
      generation_id: expect.any(String),
      caller: "billing",
    });
  });

  it("has the stream, where there was one", async () => {
    const { traceId, metadata } = traced();
    const spec = simulated({ tokens: 9, faults: [{ attempt: 1, cut_after_bytes: 900 }] });
    const stream = logged.client.stream(
      streamGenerate,
      { spec: { ...spec, retry: { maxAttempts: 1 } } },
      { metadata },
    );
    await expect(readAll(stream)).rejects.toThrow();
    expect(await logged.lineOf(traceId)).toMatchObject({
      attempts: 1,
      provider: "simulator",
      input_tokens: expect.any(Number),
      output_tokens: expect.any(Number),
      cost_picos: expect.any(Number),
      reason: "PROVIDER_CONNECTION",
      stream_id: expect.stringMatching(/^s\./),
      generation_id: expect.any(String),
    });
  });
});
