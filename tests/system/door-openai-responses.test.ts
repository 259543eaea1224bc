// The Responses API of the real service, called by OpenAI's own client.
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const WORDS = 6;
const TEXT = Array.from({ length: WORDS }, (_, index) => `word${index} `).join("");
const ADD = {
  type: "function" as const,
  name: "add",
  description: "adds",
  strict: false,
  parameters: { type: "object", properties: { a: { type: "number" } } },
};

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
function request(name: string, script: object = {}, model = "m-responses") {
  const simulator = { tokens: WORDS, ...script };
  return {
    model,
    input: name,
    steer: { providerOptions: { [model.slice(2)]: { simulator } } },
  };
}

/** A fault of the first attempt. The provider counts the attempts of a script: its name makes the script its own. */
function faultOf(name: string, fault: object) {
  return { faults: [{ attempt: 1, headers: { "x-test": name }, ...fault }] };
}

async function all(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe.each(["m-responses", "m-chat", "m-claude"])("responses by %s", (model) => {
  it.each([true, false])("gives the whole answer (store: %s)", async (store) => {
    const answer = await client.responses.create({ ...request("whole", {}, model), store });
    expect(answer.output_text).toBe(TEXT);
    expect(answer).toMatchObject({ object: "response", status: "completed", model });
    expect(answer.usage?.output_tokens).toBeGreaterThan(0);
  });

  it("is assembled by the client's own helper", async () => {
    const stream = client.responses.stream({ ...request("streamed", {}, model) });
    const events = await all(stream);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect((await stream.finalResponse()).output_text).toBe(TEXT);
  });

  it("calls a tool", async () => {
    const script = { reasoning: "let me think" };
    const asked = {
      ...request("tool", script, model),
      tools: [ADD],
      tool_choice: "required" as const,
    };
    const whole = await client.responses.create(asked);
    const call = whole.output.find(({ type }) => type === "function_call");
    expect(call).toMatchObject({ name: "add", status: "completed" });
    const stream = client.responses.stream(asked);
    const streamed = (await stream.finalResponse()).output.find(
      ({ type }) => type === "function_call",
    );
    expect(streamed).toMatchObject({
      name: "add",
      arguments: (call as { arguments: string }).arguments,
    });
  });
});

describe("a tool that the vendor runs", () => {
  it("goes to targets of the dialect, and is left out for others with a warning", async () => {
    const search = { type: "web_search" as const };
    const own = await client.responses
      .create({ ...request("search"), tools: [search, ADD] })
      .withResponse();
    expect(own.response.headers.get("x-steer-warnings")).toBeNull();
    expect(stack.upstream.requests.at(-1)?.body["tools"]).toHaveLength(2);
    const other = await client.responses
      .create({ ...request("search", {}, "m-claude"), tools: [search, ADD] })
      .withResponse();
    expect(other.response.headers.get("x-steer-warnings")).toBe("PARAMETER_DROPPED tools[0]");
    expect(stack.upstream.requests.at(-1)?.body["tools"]).toHaveLength(1);
  });
});

describe("a stored response", () => {
  it("is retrieved whole and from any event on", async () => {
    const events = await all(await client.responses.create({ ...request("kept"), stream: true }));
    const [created] = events;
    const id = created?.type === "response.created" ? created.response.id : "";
    expect((await client.responses.retrieve(id)).output_text).toBe(TEXT);
    for (const after of [0, 3, events.length - 2]) {
      const rest = await client.responses.retrieve(id, { stream: true, starting_after: after });
      expect(await all(rest)).toEqual(events.slice(after + 1));
    }
  });

  it("is made in the background, and cancelled", async () => {
    const done = await client.responses.create({ ...request("background"), background: true });
    expect(["queued", "in_progress"]).toContain(done.status);
    await eventually(async () => (await client.responses.retrieve(done.id)).status === "completed");
    expect((await client.responses.retrieve(done.id)).output_text).toBe(TEXT);

    const fault = faultOf("stalled", { stall_after_events: 3 });
    const running = await client.responses.create({
      ...request("stalled", fault),
      background: true,
    });
    await eventually(
      async () => (await client.responses.retrieve(running.id)).status === "in_progress",
    );
    await client.responses.cancel(running.id);
    await eventually(
      async () => (await client.responses.retrieve(running.id)).status === "cancelled",
    );
  });

  it("is deleted once it has ended", async () => {
    const { id } = await client.responses.create(request("deleted"));
    await client.responses.delete(id);
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const fault = faultOf("runs", { stall_after_events: 3 });
    const running = await client.responses.create({ ...request("runs", fault), background: true });
    await expect(client.responses.delete(running.id)).rejects.toBeInstanceOf(OpenAI.ConflictError);
    await client.responses.cancel(running.id);
  });

  it("that nobody has made is not found", async () => {
    const unknown = client.responses.retrieve(`resp_${"0".repeat(32)}`);
    await expect(unknown).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.responses.retrieve("else")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("a response that fails", () => {
  it("before its first event is a status of HTTP", async () => {
    // Undefined of the fault's attempt: every attempt fails.
    const outage = { status: 429, body: { error: { message: "slow down" } } };
    stack.upstream.outages.set("m-responses", { attempt: 1, ...outage });
    try {
      const call = client.responses.create({ ...request("refused"), stream: true });
      await expect(call).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    } finally {
      stack.upstream.outages.delete("m-responses");
    }
  });

  it("after output says so and never ends cleanly", async () => {
    const fault = faultOf("breaks", { error_at: 4 });
    const stream = await client.responses.create({ ...request("breaks", fault), stream: true });
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of stream) types.push(type);
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(types).toContain("response.output_text.delta");
    expect(types).not.toContain("response.completed");
  });
});
