import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemRuntime } from "../../clients/typescript/runtime.ts";
import { generate, streamGenerate } from "../../clients/typescript/steer.ts";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { CALLER_CONFIG, helperClient } from "../support/helper-clients.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";

/** One call runs at the model, and the next is refused. */
const LIMIT =
  "limit: {max_in_flight: 1, queue_wait: 1ms} # because: one call fills the model, and no queue hides it\n";
/** What the service asks for where nothing was executed. */
const PUSHBACK_MS = 200;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: `${CALLER_CONFIG}${LIMIT}` });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const refused = () => stack.service.log.filter(({ code }) => code === "UNAVAILABLE").length;

describe("the helper at a service that refuses calls before anything is executed", () => {
  it("asks until it is served, as the service's pushback says, over grpc-js and over Connect", async () => {
    const grpc = helperClient("grpc-js", stack.service.grpc);
    const connect = helperClient("Connect", stack.service.http.slice("http://".length));
    const spec = { model: "simulator", prompt: "Hi" };
    const slow = { simulator: { tokens: 5_000, pace_ms: 20 } };
    const options = { onDisconnect: DisconnectPolicy.CANCEL };
    const held = { spec: { ...spec, providerOptions: slow }, options };
    const running = streamGenerate(grpc.client, held);
    await running.next();
    const waits: number[] = [];
    const runtime = {
      ...systemRuntime,
      random: () => 0,
      sleep(ms: number, signal: AbortSignal): Promise<void> {
        waits.push(ms);
        return systemRuntime.sleep(ms, signal);
      },
    };
    const calls = [grpc, connect].map(({ client }) => generate(client, { spec }, { runtime }));
    await eventually(() => refused() >= 12);
    await running.return();
    for (const { generation } of await Promise.all(calls))
      expect(generation?.outputText).not.toBe("");
    await eventually(() => refused() >= waits.length);
    expect(refused()).toBe(waits.length);
    expect(new Set(waits)).toEqual(new Set([PUSHBACK_MS]));
    grpc.close();
  });
});
