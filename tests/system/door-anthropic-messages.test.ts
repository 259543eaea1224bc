// The Anthropic API of the real service, called by Anthropic's own client.
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const WORDS = 6;
const TEXT = Array.from({ length: WORDS }, (_, index) => `word${index} `).join("");

let stack: Stack;
let client: Anthropic;

beforeAll(async () => {
  stack = await startStack();
  client = new Anthropic({ baseURL: stack.service.http, apiKey: "unused", maxRetries: 0 });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** A request whose answer has some words; its name finds it at the provider. */
function request(name: string, script: object = {}, model = "m-claude") {
  return {
    model,
    max_tokens: 100,
    messages: [{ role: "user" as const, content: name }],
    steer: { providerOptions: { [model.slice(2)]: { simulator: { tokens: WORDS, ...script } } } },
  };
}

describe.each(["m-claude", "m-chat", "m-responses"])("messages by %s", (model) => {
  it("gives the whole answer", async () => {
    const answer = await client.messages.create(request("whole", {}, model));
    expect(answer).toMatchObject({
      type: "message",
      role: "assistant",
      model,
      content: [{ type: "text", text: TEXT }],
      stop_reason: "end_turn",
    });
    expect(answer.usage.output_tokens).toBeGreaterThan(0);
  });

  it("is assembled by the client's own helper", async () => {
    const stream = client.messages.stream(request("streamed", {}, model));
    expect(await stream.finalText()).toBe(TEXT);
    const { usage, stop_reason } = await stream.finalMessage();
    expect(stop_reason).toBe("end_turn");
    expect(usage.output_tokens).toBeGreaterThan(0);
  });
});

describe("messages", () => {
  it("counts tokens", async () => {
    const { messages } = request("count me");
    const { input_tokens } = await client.messages.countTokens({ model: "m-chat", messages });
    expect(input_tokens).toBeGreaterThan(0);
  });

  it("lists models page by page", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual(expect.arrayContaining(["m-chat", "m-claude"]));
  });

  it("refuses an unknown model as the client knows it", async () => {
    const call = client.messages.create({ ...request("unknown"), model: "m-none" });
    await expect(call).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });

  it("closes the provider's connection when its reader leaves", async () => {
    const name = "left in the middle";
    const stream = client.messages.stream(
      request(name, { faults: [{ attempt: 1, stall_after_events: 3 }] }),
    );
    for await (const { type } of stream) if (type === "content_block_delta") break;
    stream.abort();
    const asked = stack.upstream.requests.find(({ body }) => JSON.stringify(body).includes(name));
    await eventually(() => asked?.closedAt !== undefined);
  });
});
