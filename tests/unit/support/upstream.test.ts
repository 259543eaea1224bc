import { once } from "node:events";
import { connect } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOneWithin } from "../../support/expect-one-within.ts";
import type { UpstreamScript } from "../../support/upstream/script.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";

let upstream: Upstream;

beforeAll(async () => {
  upstream = await startUpstream();
});

afterAll(async () => {
  await upstream.close();
});

const TEXT = "Grüße aus 東京 🚀 heute";
const MODES = [["unary"], ["stream"]] as const;
const MESSAGES = [{ role: "user" as const, content: "Hi" }];
const PARAMETERS = { type: "object" as const, properties: { city: { type: "string" as const } } };

function openai(prefix: string): OpenAI {
  return new OpenAI({ baseURL: `${upstream.url}${prefix}`, apiKey: "test-key", maxRetries: 0 });
}

function anthropic(): Anthropic {
  return new Anthropic({ baseURL: upstream.url, apiKey: "test-key", maxRetries: 0 });
}

/** A request field that the vendors' types do not know. */
function scripted(simulator: UpstreamScript): object {
  return { simulator };
}

describe.each(["/v1", "/xai/v1"])("Chat Completions at %s, read by the vendor's SDK", (prefix) => {
  async function complete(mode: string, fields: object) {
    const body = { model: "m", messages: MESSAGES, ...fields };
    if (mode === "unary") return openai(prefix).chat.completions.create(body);
    const stream = openai(prefix).chat.completions.stream({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    return stream.finalChatCompletion();
  }

  it.each(MODES)("is text with usage, %s", async (mode) => {
    const completion = await complete(mode, scripted({ text: TEXT }));
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: TEXT },
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 5 });
  });

  it.each(MODES)("is a call of the tool that was asked for, %s", async (mode) => {
    const completion = await complete(mode, {
      tools: [{ type: "function", function: { name: "weather", parameters: PARAMETERS } }],
      tool_choice: { type: "function", function: { name: "weather" } },
    });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        tool_calls: [
          { type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } },
        ],
      },
    });
  });

  it.each(MODES)("is a refusal, %s", async (mode) => {
    const completion = await complete(mode, scripted({ refusal: "I will not." }));
    expect(completion.choices[0]?.message.refusal).toBe("I will not.");
  });
});

describe("Responses, read by the vendor's SDK", () => {
  async function respond(mode: string, fields: object) {
    const body = { model: "m", input: "Hi", ...fields };
    if (mode === "unary") return openai("/v1").responses.create(body);
    return openai("/v1").responses.stream(body).finalResponse();
  }

  it.each(MODES)("is text with usage, %s", async (mode) => {
    const response = await respond(mode, scripted({ text: TEXT, reasoning: "Let me see." }));
    expect(response.output_text).toBe(TEXT);
    expect(response.status).toBe("completed");
    expect(response.output[0]).toMatchObject({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Let me see." }],
    });
    expect(response.usage).toMatchObject({
      input_tokens: 12,
      output_tokens: 8,
      output_tokens_details: { reasoning_tokens: 3 },
    });
  });

  it.each(MODES)("is a call of the tool that was asked for, %s", async (mode) => {
    const response = await respond(mode, {
      tools: [{ type: "function", name: "weather", parameters: PARAMETERS, strict: false }],
      tool_choice: { type: "function", name: "weather" },
    });
    expect(response.output).toMatchObject([
      { type: "function_call", name: "weather", arguments: '{"city":"Köln"}' },
    ]);
  });

  it.each(MODES)("is a refusal, %s", async (mode) => {
    const response = await respond(mode, scripted({ refusal: "I will not." }));
    expect(response.output).toMatchObject([
      { type: "message", content: [{ type: "refusal", refusal: "I will not." }] },
    ]);
  });
});

describe("Messages, read by the vendor's SDK", () => {
  async function send(mode: string, fields: object) {
    const body = { model: "m", max_tokens: 100, messages: MESSAGES, ...fields };
    if (mode === "unary") return anthropic().messages.create(body);
    return anthropic().messages.stream(body).finalMessage();
  }

  it.each(MODES)("is reasoning and text with usage, %s", async (mode) => {
    const message = await send(mode, scripted({ text: TEXT, reasoning: "Let me see." }));
    expect(message.content).toMatchObject([
      { type: "thinking", thinking: "Let me see.", signature: "EqQB" },
      { type: "text", text: TEXT },
    ]);
    expect(message.stop_reason).toBe("end_turn");
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 2,
      output_tokens: 8,
    });
  });

  it.each(MODES)("is a call of the tool that was asked for, %s", async (mode) => {
    const message = await send(mode, {
      tools: [{ name: "weather", input_schema: PARAMETERS }],
      tool_choice: { type: "tool", name: "weather" },
    });
    expect(message.stop_reason).toBe("tool_use");
    expect(message.content).toMatchObject([
      { type: "tool_use", name: "weather", input: { city: "Köln" } },
    ]);
  });

  it.each(MODES)("is a refusal, %s", async (mode) => {
    const message = await send(mode, scripted({ refusal: "I will not." }));
    expect(message).toMatchObject({ content: [], stop_reason: "refusal" });
  });
});

let serial = 0;
/** A fault that names itself, so that attempts are counted for it alone. */
function fault(fields: object): UpstreamScript {
  return { faults: [{ attempt: 1, headers: { "x-test": String(serial++) }, ...fields }] };
}

function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${upstream.url}${path}`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages: MESSAGES, ...body }),
    ...(signal !== undefined && { signal }),
  });
}

const PATHS = [
  ["/v1/chat/completions"],
  ["/v1/responses"],
  ["/v1/messages"],
  ["/xai/v1/chat/completions"],
] as const;

describe.each(PATHS)("faults of %s", (path) => {
  const streamed = (script: UpstreamScript) =>
    post(path, { stream: true, ...scripted(script) }).then((response) => response.text());

  it("fail the attempt that they name, and no other", async () => {
    const headers = { "retry-after": "7", "x-test": path };
    const script = fault({ status: 429, headers, body: { error: {} } });
    const first = await post(path, scripted(script));
    expect(first.status).toBe(429);
    expect(first.headers.get("retry-after")).toBe("7");
    expect(await first.json()).toEqual({ error: {} });
    expect((await post(path, scripted(script))).status).toBe(200);
  });

  it("cut the connection after as many bytes as they say", async () => {
    const response = await post(path, {
      stream: true,
      ...scripted(fault({ cut_after_bytes: 300 })),
    });
    let bytes = 0;
    const read = async () => {
      for await (const chunk of response.body ?? []) bytes += chunk.length;
    };
    await expect(read()).rejects.toThrow();
    expect(bytes).toBe(300);
  });

  it("break, end and refuse an answer", async () => {
    const whole = await streamed({ text: TEXT });
    const end = whole.slice(whole.lastIndexOf("\n\n", whole.length - 3) + 2);
    const open = await streamed({ ...fault({ omit_terminator: true }), text: TEXT });
    expect(open).not.toContain(end);
    const events = (await streamed(fault({ malformed_at: 2 }))).trimEnd().split("\n\n");
    const data = events.map((event) => event.split("data: ")[1] ?? "");
    for (const text of data.slice(0, -1)) expect(() => JSON.parse(text)).not.toThrow();
    expect(() => JSON.parse(data.at(-1) ?? "")).toThrow(SyntaxError);
    await expect(post(path, scripted(fault({ refuse: true })))).rejects.toThrow();
  });

  it("stall until the client goes, which is recorded at once", async () => {
    await expectOneWithin(100, async () => {
      const controller = new AbortController();
      const response = await post(
        path,
        { stream: true, ...scripted(fault({ stall_after_events: 2 })) },
        controller.signal,
      );
      const request = upstream.requests.at(-1);
      const reader = response.body?.getReader();
      while (request?.sent !== 2) await reader?.read();
      const abortedAt = performance.now();
      controller.abort();
      while (request.closedAt === undefined) await new Promise((resolve) => setImmediate(resolve));
      return request.closedAt - abortedAt;
    });
  });
});

describe("errors inside an answer", () => {
  it.each(["/v1", "/xai/v1"])("are in the form of Chat Completions at %s", async (prefix) => {
    const body = { model: "m", messages: MESSAGES, stream: true as const };
    const stream = await openai(prefix).chat.completions.create({
      ...body,
      ...scripted(fault({ error_at: 2 })),
    });
    const texts: string[] = [];
    const read = async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? "");
    };
    await expect(read()).rejects.toThrow(OpenAI.APIError);
    expect(texts.filter((text) => text !== "")).toHaveLength(2);
  });

  it("are in the form of Messages", async () => {
    const stream = anthropic().messages.stream({
      model: "m",
      max_tokens: 100,
      messages: MESSAGES,
      ...scripted(fault({ error_at: 2 })),
    });
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIError);
  });
});

describe("streams that are held back", () => {
  it("get one event for each that is released, whichever stream waits", async () => {
    const own = await startUpstream();
    own.hold();
    const texts = Array.from({ length: 2 }, async () => {
      const response = await fetch(`${own.url}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "m", stream: true, ...scripted({ tokens: 5 }) }),
      });
      return response.text();
    });
    const sent = () => own.requests.reduce((sum, request) => sum + request.sent, 0);
    for (let released = 1; released <= 10; released++) {
      own.release(1);
      while (sent() < released) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      expect(sent()).toBe(released);
    }
    for (const text of await Promise.all(texts)) expect(text).toContain("[DONE]");
    await own.close();
  });
});

describe("a request that is not JSON", () => {
  it("is refused, and the next one is answered", async () => {
    const response = await fetch(`${upstream.url}/v1/messages`, { method: "POST", body: "{" });
    expect(response.status).toBe(400);
    const socket = connect(Number(new URL(upstream.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    expect((await post("/v1/messages", {})).status).toBe(200);
  });
});
