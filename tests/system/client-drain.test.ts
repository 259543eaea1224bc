import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate, streamGenerate } from "../../clients/typescript/steer.ts";
import { CALLER_CONFIG, helperClient } from "../support/helper-clients.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: CALLER_CONFIG });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const refused = () => stack.service.log.filter(({ code }) => code === "UNAVAILABLE").length;

describe("the helper at a service that drains", () => {
  it("asks three times, as the service's pushback says, over grpc-js and over Connect", async () => {
    const grpc = helperClient("grpc-js", stack.service.grpc);
    const connect = helperClient("Connect", stack.service.http.slice("http://".length));
    // Without a running call the service would end at once.
    const spec = {
      model: "simulator",
      prompt: "Hi",
      providerOptions: { simulator: { tokens: 500, pace_ms: 20 } },
    };
    const running = streamGenerate(grpc.client, { spec });
    await running.next();
    stack.service.signal("SIGTERM");
    const ask = async (client: typeof grpc.client): Promise<void> => {
      const call = generate(client, { spec: { model: "simulator", prompt: "Hi" } });
      await expect(call).rejects.toMatchObject({ code: 14, reason: "DRAINING", retryable: true });
    };
    await eventually(async () => (await fetch(`${stack.service.http}/readyz`)).status === 503);
    await Promise.all([ask(grpc.client), ask(connect.client)]);
    await eventually(() => refused() >= 6);
    expect(refused()).toBe(6);
    await running.return();
    grpc.close();
  });
});
