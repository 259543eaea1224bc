import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnectClient } from "../../clients/typescript/connect.ts";
import { generate, streamGenerate } from "../../clients/typescript/steer.ts";
import { Code } from "../../clients/typescript/steer-error.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { startCutProxy } from "../support/cut-proxy.ts";
import { impatient } from "../support/helper-clients.ts";
import { type Stack, startStack } from "../support/stack.ts";

// The published stubs over the transports of browsers, which need `fetch` alone.

const TEXT = "A wave of café, 東京 and 🚀, told word by word until its end is reached.";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: "faults: {allow: true} # because: the simulator shall fail" });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function specOf(script: object) {
  return { model: "simulator", prompt: "Hello", providerOptions: { simulator: script as never } };
}

describe.each([
  ["Connect", createConnectTransport],
  ["gRPC-Web", createGrpcWebTransport],
] as const)("connect-web over %s", (_name, createTransport) => {
  const clientAt = (baseUrl: string) =>
    createConnectClient(createClient(GenerationService, createTransport({ baseUrl })));

  it("generates, and streams on after its connection is cut", async () => {
    const { generation } = await generate(clientAt(stack.service.http), {
      spec: specOf({ text: TEXT }),
    });
    expect(generation?.message?.parts[0]?.data).toMatchObject({ value: { text: TEXT } });
    await using proxy = await startCutProxy(new URL(stack.service.http).host);
    proxy.cutNext(700);
    let text = "";
    let reconnects = 0;
    const events = streamGenerate(
      clientAt(`http://${proxy.address}`),
      { spec: specOf({ text: TEXT, pace_ms: 5 }) },
      { runtime: impatient, onReconnect: () => void reconnects++ },
    );
    for await (const { event } of events) {
      if (event.case === "textDelta") text += event.value.text;
    }
    expect(text).toBe(TEXT);
    expect(reconnects).toBeGreaterThan(0);
  });

  it("tells an error with its attempts", async () => {
    const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, status: 400 }));
    const call = generate(clientAt(stack.service.http), { spec: specOf({ faults }) });
    await expect(call).rejects.toMatchObject({
      name: "SteerError",
      code: Code.INVALID_ARGUMENT,
      retryable: false,
      detail: { attempts: [{ provider: "simulator", model: "simulator" }] },
    });
  });
});
