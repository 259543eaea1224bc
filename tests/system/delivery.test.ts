import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const { streamGenerate } = GenerationService.method;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

describe("delivery", () => {
  it("A-38, A-41: forwards each delta before the provider sends the next", async () => {
    stack.upstream.hold();
    const texts: string[] = [];
    const call = stack.client.stream(streamGenerate, {
      spec: {
        model: "m-chat",
        prompt: "Hi",
        providerOptions: { chat: { simulator: { tokens: 20 } } },
      },
    });
    const reading = (async () => {
      for await (const { event } of call) {
        if (event.case === "textDelta") texts.push(event.value.text);
      }
    })();
    for (let sent = 1; sent <= 20; sent++) {
      stack.upstream.release(1);
      await eventually(() => texts.length === sent);
    }
    stack.upstream.release(1_000_000);
    await reading;
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `word${index} `));
  });

  it("A-40: sends metadata and `start` at once, and heartbeats while the provider is silent", async () => {
    const call = stack.client.stream(streamGenerate, {
      spec: {
        model: "simulator",
        prompt: "Hi",
        providerOptions: { simulator: { first_token_ms: 1_500 } },
      },
      options: { heartbeatInterval: { seconds: 0n, nanos: 200_000_000 } },
    });
    const headers = await call.headers;
    expect(headers.get("x-steer-stream-id")[0]).toMatch(/^s\.[0-9a-f]{32}$/);
    const cases: string[] = [];
    for await (const { event, sequence } of call) {
      cases.push(event.case ?? "");
      // A heartbeat repeats the latest position.
      if (event.case === "heartbeat") expect(sequence).toBe(1);
      if (event.case === "textDelta") break;
    }
    expect(cases[0]).toBe("start");
    expect(cases.filter((kind) => kind === "heartbeat").length).toBeGreaterThan(3);
  });

  it("A-39: tells proxies on the way not to hold a stream back", async () => {
    const body = JSON.stringify({ spec: { model: "simulator", prompt: "Hi" } });
    const frame = Buffer.alloc(5 + Buffer.byteLength(body));
    frame.writeUInt32BE(Buffer.byteLength(body), 1);
    frame.write(body, 5);
    const response = await fetch(
      `${stack.service.http}/${GenerationService.typeName}/StreamGenerate`,
      {
        method: "POST",
        headers: { "content-type": "application/connect+json" },
        body: frame,
      },
    );
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("connect-content-encoding")).toBeNull();
    await response.arrayBuffer();
  });

  it.each([
    ["stored", false],
    ["ephemeral", true],
  ])(
    "A-31: a reader that pauses longer than the provider may be silent misses nothing, %s",
    async (_name, ephemeral) => {
      const tokens = 100_000;
      const count = stack.upstream.requests.length;
      const call = stack.client.stream(streamGenerate, {
        spec: {
          model: "m-chat",
          prompt: "Hi",
          providerOptions: { chat: { simulator: { tokens } } },
          timeouts: { idle: { seconds: 1n } },
        },
        options: { ephemeral },
      });
      const reader = call[Symbol.asyncIterator]();
      await reader.next();
      await eventually(() => stack.upstream.requests.length > count);
      const request = stack.upstream.requests[count];
      let sent = -1;
      let stuckFor = 0;
      // A log holds what a slow reader has not taken; without one the provider waits.
      if (!ephemeral) await eventually(() => request?.sent === tokens);
      // Five looks without a new event: more than three times the limit.
      await eventually(async () => {
        stuckFor = request?.sent === sent ? stuckFor + 1 : 0;
        sent = request?.sent ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 600));
        return stuckFor === 5;
      });
      if (ephemeral) expect(sent).toBeLessThan(tokens);
      else expect(sent).toBe(tokens);
      let deltas = 0;
      let last: string | undefined;
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
        last = next.value.event.case;
        if (last === "textDelta") deltas++;
      }
      expect([deltas, last]).toEqual([tokens, "complete"]);
    },
  );

  it("delivers a message of 3 MiB whole, and leaves out what is longer than clients take", async () => {
    for (const [megabytes, omitted] of [
      [3, false],
      [5, true],
    ] as const) {
      const text = "0123456789abcdef".repeat(megabytes * 65_536);
      let length = 0;
      for await (const { event } of stack.client.stream(streamGenerate, {
        spec: {
          model: "m-claude",
          prompt: "Hi",
          providerOptions: { claude: { simulator: { text } } },
        },
      })) {
        if (event.case === "textDelta") {
          length += event.value.text.length;
          expect(event.value.text.length).toBeLessThanOrEqual(256 * 1024);
        }
        if (event.case !== "complete") continue;
        expect(event.value.messageOmitted).toBe(omitted);
        const part = event.value.generation?.message?.parts[0]?.data;
        expect(part?.case === "text" ? part.value.text.length : 0).toBe(omitted ? 0 : text.length);
      }
      expect(length).toBe(text.length);
    }
  });

  it("writes a request's labels into the line of its call", async () => {
    const spec = { model: "simulator", prompt: "Hi", labels: { team: "billing" } };
    await stack.client.unary(GenerationService.method.generate, { spec });
    await eventually(() =>
      stack.service.log.some((line) => JSON.stringify(line["labels"]) === '{"team":"billing"}'),
    );
  });
});
