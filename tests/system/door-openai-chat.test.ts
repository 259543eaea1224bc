// The OpenAI API of the real service, called by OpenAI's own client.
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const WORDS = 6;
const TEXT = Array.from({ length: WORDS }, (_, index) => `word${index} `).join("");

let stack: Stack;
let client: OpenAI;

beforeAll(async () => {
  stack = await startStack();
  client = new OpenAI({ baseURL: `${stack.service.http}/v1`, apiKey: "unused", maxRetries: 0 });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** A request whose answer has some words; its name finds it at the provider. */
function request(name: string, fault?: object) {
  const simulator = {
    tokens: WORDS,
    ...(fault !== undefined && { faults: [{ attempt: 1, headers: { "x-test": name }, ...fault }] }),
  };
  return {
    model: "m-chat",
    messages: [{ role: "user" as const, content: name }],
    simulator,
  };
}

describe("chat completions", () => {
  it("gives the whole answer", async () => {
    const answer = await client.chat.completions.create(request("whole"));
    expect(answer).toMatchObject({
      object: "chat.completion",
      model: "m-chat",
      choices: [{ index: 0, message: { role: "assistant", content: TEXT }, finish_reason: "stop" }],
    });
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });

  it("streams the answer", async () => {
    const stream = await client.chat.completions.create({ ...request("streamed"), stream: true });
    let text = "";
    let usage: unknown;
    const roles: unknown[] = [];
    for await (const chunk of stream) {
      const [choice] = chunk.choices;
      roles.push(choice?.delta.role);
      text += choice?.delta.content ?? "";
      usage ??= chunk.usage;
    }
    expect(text).toBe(TEXT);
    expect(roles[0]).toBe("assistant");
    expect(usage).toMatchObject({ completion_tokens: expect.any(Number) });
  });

  it("is assembled by the client's own helper", async () => {
    const stream = client.chat.completions.stream(request("helped"));
    expect(await stream.finalContent()).toBe(TEXT);
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe("stop");
  });

  it("refuses an unknown model as the client knows it", async () => {
    const call = client.chat.completions.create({ ...request("unknown"), model: "none" });
    await expect(call).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(call).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  it("closes the provider's connection when its reader leaves", async () => {
    const name = "left";
    const stream = await client.chat.completions.create({
      ...request(name, { stall_after_events: 3 }),
      stream: true,
    });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    const asked = stack.upstream.requests.find(({ body }) => JSON.stringify(body).includes(name));
    await eventually(() => asked?.closedAt !== undefined);
  });

  it("passes fields of the dialect on, and tells of those that a target does not take", async () => {
    const { simulator: _, ...asked } = request("fields");
    const fields = { ...asked, logit_bias: { 50: 1 } };
    const own = await client.chat.completions.create(fields).withResponse();
    expect(own.response.headers.get("x-steer-warnings")).toBeNull();
    expect(stack.upstream.requests.at(-1)?.body).toMatchObject({ logit_bias: { 50: 1 } });
    for (const stream of [false, true]) {
      const call = client.chat.completions.create({ ...fields, model: "m-claude", stream });
      const { response } = await call.withResponse();
      expect(response.headers.get("x-steer-warnings")).toBe("PARAMETER_DROPPED logit_bias");
      expect(stack.upstream.requests.at(-1)?.body).not.toHaveProperty("logit_bias");
    }
    const strict = { headers: { "x-steer-unsupported": "reject" } };
    const refused = client.chat.completions.create({ ...fields, model: "m-claude" }, strict);
    await expect(refused).rejects.toMatchObject({ status: 400, param: "logit_bias" });
  });
});
