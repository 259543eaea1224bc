// What the doors say to requests that are none: the dialect's own error, and nothing goes to a provider.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { type Stack, startStack } from "../support/stack.ts";

const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";
const MESSAGES = "/v1/messages";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

beforeEach(() => {
  stack.upstream.requests.length = 0;
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

async function send(path: string, body: unknown, headers: Record<string, string> = {}) {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(`${stack.service.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: raw ? (body as string) : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as JsonObject,
  };
}

const user = { role: "user", content: "hi" };
const chat = { model: "m-chat", messages: [user] };
const responses = { model: "m-chat", input: "hi" };
const messages = { model: "m-claude", max_tokens: 5, messages: [user] };

/** Bodies by what is wrong with them, with the field that the error names. */
const WRONG = [
  [CHAT, "no messages", { model: "m-chat" }, "messages"],
  [CHAT, "no model", { messages: [user] }, "model"],
  [CHAT, "a body of another dialect", { model: "m-chat", contents: [user] }, "messages"],
  [CHAT, "a body of Responses with an input that is none", { model: "m-chat", input: 7 }, "input"],
  [CHAT, "two answers", { ...chat, n: 2 }, "n"],
  [CHAT, "a text as a number", { ...chat, temperature: "hot" }, "temperature"],
  // By the rules of the contract, whose fields the errors name.
  [CHAT, "a temperature beyond its bounds", { ...chat, temperature: 9 }, "sampling.temperature"],
  [RESPONSES, "a share beyond its bounds", { ...responses, top_p: 5 }, "sampling.top_p"],
  [MESSAGES, "a share beyond its bounds", { ...messages, top_p: 5 }, undefined],
  [CHAT, "a label that is none", { ...chat, steer: { labels: { "Not Valid": "x" } } }, undefined],
  [CHAT, "a number beyond its field", { ...chat, seed: 2 ** 70 }, "seed"],
  [CHAT, "a limit beyond its field", { ...chat, max_tokens: 2 ** 40 }, undefined],
  [
    CHAT,
    "an unknown role",
    { ...chat, messages: [{ role: "king", content: "hi" }] },
    "messages[0].role",
  ],
  [CHAT, "an unknown tool", { ...chat, tools: [{ type: "teleport" }] }, "tools[0].type"],
  [
    CHAT,
    "an image without an address",
    {
      ...chat,
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "cat.png" } }] }],
    },
    "messages[0].content[0].image_url.url",
  ],
  [
    CHAT,
    "an answer to no call",
    { ...chat, messages: [user, { role: "tool", tool_call_id: "x", content: "y" }] },
    undefined,
  ],
  [CHAT, "a wish that is none", { ...chat, steer: { model: "x" } }, "steer.model"],
  [CHAT, "a wish with a mistake", { ...chat, steer: { routing: { fallbaks: [] } } }, "steer"],
  [CHAT, "functions of before", { ...chat, functions: [] }, "functions"],
  [RESPONSES, "no input", { model: "m-chat" }, "input"],
  [RESPONSES, "a conversation", { ...responses, conversation: "c" }, "conversation"],
  [
    RESPONSES,
    "a background that is not stored",
    { ...responses, background: true, store: false },
    "background",
  ],
  [
    RESPONSES,
    "an item by its name",
    { ...responses, input: [{ type: "item_reference", id: "x" }] },
    "input[0].type",
  ],
  [MESSAGES, "no limit", { ...messages, max_tokens: undefined }, undefined],
  [MESSAGES, "no messages", { ...messages, messages: [] }, undefined],
  [
    MESSAGES,
    "an unknown role",
    { ...messages, messages: [{ role: "king", content: "x" }] },
    undefined,
  ],
  [MESSAGES, "an unknown choice", { ...messages, tool_choice: { type: "perhaps" } }, undefined],
] as const;

function errorOf(body: JsonObject): JsonObject {
  return body["error"] as JsonObject;
}

function expectDialect(path: string, body: JsonObject, type: string): void {
  const error = errorOf(body);
  expect(error["message"]).toEqual(expect.any(String));
  if (path === MESSAGES) expect(body).toMatchObject({ type: "error", error: { type } });
  else expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
}

describe("a request that is none", () => {
  it.each(WRONG)("%s with %s is refused with 400", async (path, _what, body, field) => {
    const answer = await send(path, body);
    expect([answer.status, answer.body]).toMatchObject([400, {}]);
    expectDialect(path, answer.body, "invalid_request_error");
    if (field !== undefined) expect(errorOf(answer.body)["param"]).toBe(field);
    expect(stack.upstream.requests).toEqual([]);
  });

  it.each([CHAT, RESPONSES, MESSAGES])(
    "%s: a text that is not JSON has its place named",
    async (path) => {
      const { status, body } = await send(path, '{\n  "model": "m-chat",\n  oops\n}');
      expect(status).toBe(400);
      expect(errorOf(body)["message"]).toMatch(/line 3, column 3/);
      expectDialect(path, body, "invalid_request_error");
    },
  );

  it.each([
    ["a list", "[]"],
    ["nothing", ""],
    ["half a text", '{"model": "m'],
    ["no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ["a depth without end", "[".repeat(5_000)],
  ])("%s is refused in every dialect", async (_what, body) => {
    for (const path of [CHAT, RESPONSES, MESSAGES]) {
      const answer = await send(path, body);
      expect([path, answer.status]).toEqual([path, 400]);
      expectDialect(path, answer.body, "invalid_request_error");
    }
    expect(stack.upstream.requests).toEqual([]);
  });

  it("is one of 33 MiB, sent or inflated", async () => {
    const large = JSON.stringify({ ...chat, user: "x".repeat(33 * 1024 * 1024) });
    for (const path of [CHAT, MESSAGES]) {
      const answer = await send(path, large);
      expect(answer.status).toBe(413);
      expectDialect(path, answer.body, "request_too_large");
    }
    const bomb = await send(CHAT, gzipSync(large), { "content-encoding": "gzip" });
    expect([400, 413]).toContain(bomb.status);
    expect(stack.upstream.requests).toEqual([]);
  });

  it("takes a compressed request, and no unknown compression", async () => {
    const ok = await send(CHAT, gzipSync(JSON.stringify(chat)), { "content-encoding": "gzip" });
    expect(ok.status).toBe(200);
    const unknown = await send(CHAT, chat, { "content-encoding": "zzz" });
    expect(unknown.status).toBe(400);
  });

  it.each([
    ["/v1/completions", "POST"],
    ["/v1/embeddings", "POST"],
    ["/v1/files", "GET"],
    [CHAT, "GET"],
  ])("%s by %s is told what is served", async (path, method) => {
    const response = await fetch(`${stack.service.http}${path}`, { method });
    expect(response.status).toBe(404);
    const body = (await response.json()) as JsonObject;
    expect(errorOf(body)["message"]).toContain("POST /v1/chat/completions");
    await stack.service.logged({ event: "call", system: "http", reason: "PATH_UNKNOWN" });
  });

  it("asks for an upgrade, and is answered at once", async () => {
    const port = Number(new URL(stack.service.http).port);
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    socket.setTimeout(10_000, () => socket.destroy());
    socket.once("data", () => socket.end());
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 4/);
  });
});
