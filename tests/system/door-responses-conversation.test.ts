// Responses that go on from each other, and the input of stored ones, by OpenAI's own client.
import OpenAI from "openai";
import type { ResponseInput } from "openai/resources/responses/responses";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const ADD = {
  type: "function" as const,
  name: "add",
  description: "adds",
  strict: false,
  parameters: { type: "object", properties: { a: { type: "number" } } },
};
const UNKNOWN = `resp_${"0".repeat(32)}`;
const INPUT = [
  { role: "user" as const, content: "first" },
  { role: "assistant" as const, content: "second" },
  { role: "user" as const, content: "third" },
];

let stack: Stack;
let client: OpenAI;

beforeAll(async () => {
  stack = await startStack();
  client = new OpenAI({ baseURL: `${stack.service.http}/v1`, apiKey: "unused", maxRetries: 0 });
});

beforeEach(() => {
  stack.upstream.requests.length = 0;
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

/** A request whose answer has two words; a script of its provider can have more. */
function request(model: string, input: string | ResponseInput, script: object = {}) {
  const providerOptions = { [model.slice(2)]: { simulator: { tokens: 2, ...script } } };
  return { model, input, steer: { providerOptions } };
}

const ANSWER = "word0 word1 ";

/** What the provider was sent last, without what is not of the conversation. */
function sent(): { readonly conversation: unknown; readonly body: JsonObject } {
  const body = stack.upstream.requests.at(-1)?.body ?? {};
  return { conversation: body["input"] ?? [body["system"], body["messages"]], body };
}

describe.each(["m-responses", "m-chat", "m-claude"])("a conversation by %s", (model) => {
  it("of three turns is that of a caller who sends all of it", async () => {
    const first = await client.responses.create(request(model, "one"));
    const second = await client.responses.create({
      ...request(model, "two"),
      previous_response_id: first.id,
    });
    const third = await client.responses.create({
      ...request(model, [{ role: "user", content: "three" }]),
      previous_response_id: second.id,
      stream: true,
    });
    for await (const _ of third);
    const chained = sent();
    expect(chained.body["previous_response_id"]).toBeUndefined();
    const turns = ["one", ANSWER, "two", ANSWER, "three"];
    const whole = turns.map((content, index) => {
      return { role: index % 2 === 0 ? ("user" as const) : ("assistant" as const), content };
    });
    await client.responses.create(request(model, whole));
    expect(chained.conversation).toEqual(sent().conversation);
  });

  it("has the instructions of its last request alone", async () => {
    const first = await client.responses.create({
      ...request(model, "one"),
      instructions: "be brief",
    });
    const next = { ...request(model, "two"), previous_response_id: first.id };
    await client.responses.create({ ...next, instructions: "be kind" });
    const text = JSON.stringify(sent().body);
    expect([text.includes("be kind"), text.includes("be brief")]).toEqual([true, false]);
    expect(text.indexOf("be kind")).toBeLessThan(text.indexOf('"one"'));
    await client.responses.create(next);
    expect(JSON.stringify(sent().body)).not.toContain("be ");
  });

  it("takes the result of a call of the turn before, with the thoughts that led to it", async () => {
    const asked = {
      ...request(model, "one", { reasoning: "let me think" }),
      tools: [ADD],
      tool_choice: "required" as const,
    };
    const first = await client.responses.create(asked);
    const call = first.output.find(({ type }) => type === "function_call");
    if (call?.type !== "function_call") throw new Error("no call");
    const result = {
      type: "function_call_output" as const,
      call_id: call.call_id,
      output: "3",
    };
    const { output_text } = await client.responses.create({
      ...request(model, [result]),
      tools: [ADD],
      previous_response_id: first.id,
    });
    expect(output_text).toBe(ANSWER);
    const text = JSON.stringify(sent().body);
    expect(text).toContain(call.call_id);
    // The vendor's proof of its thoughts.
    const proofs = { "m-responses": "gAAA", "m-claude": "EqQB", "m-chat": call.call_id };
    expect(text).toContain(proofs[model as keyof typeof proofs]);
  });

  it("counts all of its input", async () => {
    const first = await client.responses.create(request(model, "one ".repeat(200)));
    const count = async (more: object) =>
      (await client.responses.inputTokens.count({ model, input: "two", ...more })).input_tokens;
    const alone = await count({});
    const whole = await count({ previous_response_id: first.id });
    // The vendor counts here, and always says the same.
    if (model === "m-claude") expect(JSON.stringify(sent().body)).toContain("one one one");
    else expect(whole).toBeGreaterThan(alone + 100);
  });
});

describe("a conversation", () => {
  it("moves to another vendor, which gets no thoughts of the first, and says so", async () => {
    const thinking = request("m-claude", "one", { reasoning: "let me think" });
    const first = await client.responses.create(thinking);
    const { response } = await client.responses
      .create({ ...request("m-responses", "two"), previous_response_id: first.id })
      .withResponse();
    expect(response.headers.get("x-steer-warnings")).toContain("REASONING_DROPPED");
    const text = JSON.stringify(sent().body);
    expect([text.includes(ANSWER), text.includes("EqQB")]).toEqual([true, false]);
    expect(sent().body).toMatchObject({ store: false, include: ["reasoning.encrypted_content"] });
  });

  it("goes on from a response that another one went on from, and after the first is deleted", async () => {
    const first = await client.responses.create(request("m-chat", "one"));
    const second = await client.responses.create({
      ...request("m-chat", "two"),
      previous_response_id: first.id,
    });
    await client.responses.delete(first.id);
    for (const input of ["three", "other"]) {
      await client.responses.create({
        ...request("m-chat", input),
        previous_response_id: second.id,
      });
      const text = JSON.stringify(sent().body);
      for (const turn of ["one", "two", input]) expect(text).toContain(turn);
    }
    const gone = { ...request("m-chat", "two"), previous_response_id: first.id };
    await expect(client.responses.create(gone)).rejects.toMatchObject({ status: 400 });
  });

  it.each([
    ["of an unknown response", async () => UNKNOWN],
    ["of what is no response", async () => "msg_1"],
    [
      "of a response that was not stored",
      async () => (await client.responses.create({ ...request("m-chat", "a"), store: false })).id,
    ],
    [
      "of a deleted response",
      async () => {
        const { id } = await client.responses.create(request("m-chat", "a"));
        await client.responses.delete(id);
        return id;
      },
    ],
    [
      "of a response that is being made, or was cancelled",
      async () => {
        const fault = { attempt: 1, headers: { "x-test": "runs" }, stall_after_events: 1 };
        const { id } = await client.responses.create({
          ...request("m-chat", "a", { faults: [fault] }),
          background: true,
        });
        const next = { ...request("m-chat", "b"), previous_response_id: id };
        await expect(client.responses.create(next)).rejects.toMatchObject({
          status: 400,
          code: "previous_response_not_found",
        });
        await client.responses.cancel(id);
        await eventually(async () => (await client.responses.retrieve(id)).status === "cancelled");
        return id;
      },
    ],
  ])("does not go on with the identifier %s", async (_what, idOf) => {
    const id = await idOf();
    stack.upstream.requests.length = 0;
    const next = { ...request("m-chat", "b"), previous_response_id: id };
    const refused = {
      status: 400,
      code: "previous_response_not_found",
      param: "previous_response_id",
    };
    const asked = client.responses.create(next);
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asked).rejects.toMatchObject(refused);
    await expect(client.responses.create({ ...next, stream: true })).rejects.toMatchObject(refused);
    const { model, input } = next;
    const count = client.responses.inputTokens.count({ model, input, previous_response_id: id });
    await expect(count).rejects.toMatchObject(refused);
    expect(stack.upstream.requests).toEqual([]);
  });

  it.each([
    [7, "previous_response_id"],
    ["x".repeat(300), "previous_response_id"],
    [{}, "previous_response_id"],
  ])("is refused with an identifier that is none: %j", async (id, param) => {
    const asked = client.responses.create({
      ...request("m-chat", "b"),
      previous_response_id: id as string,
    });
    await expect(asked).rejects.toMatchObject({ status: 400, param });
    expect(stack.upstream.requests).toEqual([]);
  });

  it("is refused if it answers a call that nobody has made", async () => {
    const first = await client.responses.create(request("m-chat", "one"));
    const result = { type: "function_call_output" as const, call_id: "call_x", output: "3" };
    stack.upstream.requests.length = 0;
    const asked = client.responses.create({
      ...request("m-chat", [result]),
      previous_response_id: first.id,
    });
    await expect(asked).rejects.toMatchObject({ status: 400 });
    expect(stack.upstream.requests).toEqual([]);
  });
});

describe("the input of a stored response", () => {
  it("is listed in pages, the last item first, with names that stay", async () => {
    const { id } = await client.responses.create({
      ...request("m-chat", INPUT),
      instructions: "be brief",
    });
    const all = async (query: object) => {
      const items: { readonly id: string; readonly text: unknown }[] = [];
      for await (const item of client.responses.inputItems.list(id, query)) {
        const { id: itemId, content } = item as { id: string; content: { text: string }[] };
        items.push({ id: itemId, text: content[0]?.text });
      }
      return items;
    };
    const descending = await all({});
    expect(descending.map(({ text }) => text)).toEqual(["third", "second", "first"]);
    expect(await all({ limit: 1 })).toEqual(descending);
    expect(await all({ limit: 2, order: "asc" })).toEqual(descending.toReversed());
    const [last, middle, first] = descending.map((item) => item.id);
    const pageOf = async (query: string) => {
      const path = `${stack.service.http}/v1/responses/${id}/input_items?${query}`;
      return (await fetch(path)).json();
    };
    const page = { object: "list", first_id: last, last_id: middle, has_more: true };
    expect(await pageOf("limit=2")).toMatchObject(page);
    const rest = { first_id: first, last_id: first, has_more: false };
    expect(await pageOf(`after=${middle}`)).toMatchObject(rest);
    const none = { data: [], first_id: null, last_id: null, has_more: false };
    expect(await pageOf(`after=${first}`)).toMatchObject(none);
  });

  it("has the conversation before it", async () => {
    const first = await client.responses.create(request("m-chat", "one"));
    const second = await client.responses.create({
      ...request("m-chat", "two"),
      previous_response_id: first.id,
    });
    const page = await client.responses.inputItems.list(second.id, { order: "asc" });
    expect(page.data).toMatchObject([
      { role: "user", content: [{ type: "input_text", text: "one" }] },
      { role: "assistant", content: [{ type: "output_text", text: ANSWER }] },
      { role: "user", content: [{ type: "input_text", text: "two" }] },
    ]);
  });

  it.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: 101 }],
    ["limit", { limit: 1.5 }],
    ["limit", { limit: "many" }],
    ["order", { order: "up" }],
    ["after", { after: "msg_x" }],
  ])("is refused with a wrong %s: %j", async (param, query) => {
    const { id } = await client.responses.create(request("m-chat", "a"));
    const asked = client.responses.inputItems.list(id, query as object);
    await expect(asked).rejects.toMatchObject({ status: 400, param });
  });

  it("is that of no response which is unknown, unstored or deleted", async () => {
    const unstored = await client.responses.create({ ...request("m-chat", "a"), store: false });
    const deleted = await client.responses.create(request("m-chat", "a"));
    await client.responses.delete(deleted.id);
    for (const id of [UNKNOWN, "else", unstored.id, deleted.id]) {
      const asked = client.responses.inputItems.list(id);
      await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    }
  });
});
