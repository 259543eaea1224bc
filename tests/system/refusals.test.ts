import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { AttemptOutcome, AttemptTrigger, ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import type { GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import {
  GenerationService,
  type StreamGenerateRequestSchema,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import type { StreamOptionsSchema } from "../../gen/es/steer/v1/stream_pb.js";
import { type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type Stack, startStack } from "../support/stack.ts";

type SpecInit = MessageInitShape<typeof GenerationSpecSchema>;
type OptionsInit = MessageInitShape<typeof StreamOptionsSchema>;

const { generate, streamGenerate, countTokens } = GenerationService.method;
const admin = AdminService.method;
const SECOND = { seconds: 1n, nanos: 0 };

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, message: details, error: gatewayErrorOf(error) };
  }
  throw new Error("the call succeeded");
}

async function drain(
  client: GrpcClient,
  request: MessageInitShape<typeof StreamGenerateRequestSchema>,
) {
  for await (const _ of client.stream(streamGenerate, request));
}

describe("bad input", () => {
  const user = (parts: object[]) => ({ prompt: "", messages: [{ role: 2, parts }] });
  const said = { data: { case: "text", value: { text: "Hi" } } };

  it.each<[string, object, RegExp]>([
    ["neither messages nor prompt", { prompt: "" }, /messages or prompt/],
    ["both", { prompt: "x", messages: [{ role: 2, parts: [said] }] }, /messages or prompt/],
    ["no model", { model: "" }, /spec\.model/],
    ["an empty part", user([{}]), /spec\.messages\[0\]\.parts\[0\]/],
    ["an empty text", user([{ data: { case: "text", value: { text: "" } } }]), /parts\[0\]\.text/],
    [
      "a role that is not there",
      { prompt: "", messages: [{ role: 9, parts: [said] }] },
      /spec\.messages\[0\]\.role/,
    ],
    ["temperature 9", { sampling: { temperature: 9 } }, /spec\.sampling\.temperature/],
    [
      "a schema that is not JSON",
      {
        outputFormat: {
          format: { case: "jsonSchema", value: { name: "r", schema: '{"type": tru' } },
        },
      },
      /json_schema\.schema: not JSON at position 12|json_schema\.schema: not JSON.*position/,
    ],
    [
      "tool parameters that are not JSON",
      {
        tools: [
          { kind: { case: "function", value: { name: "f", parametersJsonSchema: "{'a'}" } } },
        ],
      },
      /spec\.tools\[0\]\.function\.parameters_json_schema: not JSON at position 1/,
    ],
    [
      "a tool choice without its tool",
      { toolChoice: { choice: { case: "functionName", value: "nope" } } },
      /spec\.tool_choice\.function_name/,
    ],
    [
      "a result without its call",
      {
        prompt: "",
        messages: [
          { role: 2, parts: [said] },
          { role: 4, parts: [{ data: { case: "toolResult", value: { toolCallId: "c1" } } }] },
        ],
      },
      /tool_result\.tool_call_id/,
    ],
    ["options for nobody", { providerOptions: { opnai: {} } }, /provider_options.*opnai/],
  ])(
    "%s is INVALID_ARGUMENT with its path, and nothing is sent",
    async (_name, fields, message) => {
      const before = stack.upstream.requests.length;
      const spec = { model: "m-chat", prompt: "Hi", ...fields } as SpecInit;
      const failure = await failureOf(stack.client.unary(generate, { spec }));
      expect(failure.code).toBe(3);
      expect(failure.message).toMatch(message);
      expect(failure.error).toMatchObject({ category: ErrorCategory.VALIDATION, retryable: false });
      expect(stack.upstream.requests.length).toBe(before);
      const streamed = await failureOf(drain(stack.client, { spec }));
      expect(streamed).toEqual(failure);
    },
  );

  it("an unknown model is NOT_FOUND with near names, never another model", async () => {
    const failure = await failureOf(
      stack.client.unary(generate, { spec: { model: "m-chatt", prompt: "Hi" } }),
    );
    expect(failure).toMatchObject({ code: 5, error: { reason: "MODEL_NOT_FOUND" } });
    expect(failure.message).toContain("m-chat");
    const lookup = await failureOf(
      stack.client.unary(ModelService.method.getModel, { model: "gpt-99" }),
    );
    expect(lookup.code).toBe(5);
  });

  it("a provider without its key is FAILED_PRECONDITION and names the variable", async () => {
    const failure = await failureOf(
      stack.client.unary(generate, { spec: { model: "claude-opus-5-5", prompt: "Hi" } }),
    );
    expect(failure).toMatchObject({ code: 9, error: { reason: "PROVIDER_NOT_CONFIGURED" } });
    expect(failure.message).toContain("ANTHROPIC_API_KEY");
  });

  it("counts tokens without a key", async () => {
    const count = await stack.client.unary(countTokens, {
      spec: { model: "claude-opus-5-5", prompt: "Hello, world, and all." },
    });
    expect(count).toMatchObject({ provider: "anthropic", estimator: "script-v1" });
    expect(count.inputTokens).toBeGreaterThan(4);
  });

  it("bytes that are no message are INVALID_ARGUMENT", async () => {
    const raw = {
      ...generate,
      input: ModelService.method.getModel.input,
    } as unknown as typeof generate;
    const failure = await failureOf(stack.client.unary(raw, { model: "x".repeat(10) } as never));
    expect(failure.code).toBe(3);
  });
});

describe("what the engine serves", () => {
  const wishes: [string, SpecInit][] = [
    ["spec.routing.fallbacks", { routing: { fallbacks: [{ model: "m-chat" }] } }],
    ["spec.routing.strategy LOWEST_COST", { routing: { strategy: 2 } }],
    ["spec.routing.strategy LOWEST_LATENCY", { routing: { strategy: 3 } }],
    ["spec.routing.failover_on", { routing: { failoverOn: [ErrorCategory.RATE_LIMIT] } }],
    ["spec.routing.hedge", { routing: { hedge: { delay: SECOND } } }],
    ["spec.routing.mid_stream_recovery RESTART", { routing: { midStreamRecovery: 2 } }],
    ["spec.routing.mid_stream_recovery CONTINUE", { routing: { midStreamRecovery: 3 } }],
    ["spec.retry", { retry: { maxAttempts: 2, initialBackoff: SECOND, jitter: 0 } }],
  ];

  it.each(wishes)("%s passes, unary and streamed", async (_path, fields) => {
    const spec = { model: "simulator", prompt: "Hi", ...fields } as SpecInit;
    const { generation } = await stack.client.unary(generate, { spec });
    expect(generation).toMatchObject({
      provider: "simulator",
      attempts: [{ trigger: AttemptTrigger.INITIAL, outcome: AttemptOutcome.SUCCEEDED }],
    });
    await drain(stack.client, { spec });
  });

  it("ResetCircuit and GetRetryMetrics answer", async () => {
    const { client } = stack;
    const reset = await client.unary(admin.resetCircuit, { provider: "simulator" });
    expect(reset).toMatchObject({ status: { available: true } });
    const metrics = await client.unary(admin.getRetryMetrics, { providers: ["simulator"] });
    expect(metrics.total?.requests).toBeGreaterThan(0n);
  });
});

describe("what a stream that is not stored cannot have", () => {
  const stored: [string, OptionsInit][] = [
    ["options.retention", { retention: SECOND }],
    ["options.disconnect_grace", { disconnectGrace: SECOND }],
    ["options.on_disconnect", { onDisconnect: 1 }],
    ["options.on_disconnect", { onDisconnect: 3 }],
  ];

  it.each(stored)("%s of an ephemeral stream is INVALID_ARGUMENT", async (path, fields) => {
    const spec = { model: "simulator", prompt: "Hi" };
    const call = drain(stack.client, { spec, options: { ...fields, ephemeral: true } });
    expect(await failureOf(call)).toMatchObject({
      code: 3,
      message: `${path}: needs a stored stream, and this one is ephemeral`,
    });
    await drain(stack.client, { spec, options: fields });
  });

  it("a value that asks for what happens anyway passes", async () => {
    const spec: SpecInit = {
      model: "simulator",
      prompt: "Hi",
      routing: { strategy: 1, midStreamRecovery: 1, disableFailover: true },
      retry: { maxAttempts: 1 },
      abort: { mode: 1 },
      outputFormat: { format: { case: "jsonObject", value: { onInvalid: 1 } } },
    };
    await stack.client.unary(generate, { spec });
    await drain(stack.client, { spec, options: { ephemeral: true, onDisconnect: 2, jsonMode: 1 } });
  });
});
