// What goes beside bodies at the doors: names of calls, headers of the dialects, comments, and clients that try other ways.
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FieldStack, startFieldStack } from "../support/field-stack.ts";
import {
  chatDeltas,
  chatWhole,
  messagesStream,
  messagesWhole,
  responsesWhole,
} from "../support/wire-answers.ts";

let field: FieldStack;
let base: string;

beforeAll(async () => {
  field = await startFieldStack(
    ["chat", "responses", "messages"],
    (url) => `
providers:
  - {id: chat, type: vllm, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: responses, type: openai, base_url: "${url("responses")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: messages, type: anthropic, base_url: "${url("messages")}", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat}
  - {id: m-responses, provider: responses}
  - {id: m-messages, provider: messages}
`,
  );
  base = `http://${String(field.log[0]?.["http"])}`;
});

afterAll(() => field[Symbol.asyncDispose]());

const user = { role: "user", content: "hi" };

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${base}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const toChat = (more: object = {}) => ({ model: "m-chat", messages: [user], ...more });
const toMessages = (more: object = {}) => ({
  model: "m-messages",
  max_tokens: 9,
  messages: [user],
  ...more,
});

describe("the name of a call", () => {
  it.each([
    ["/v1/chat/completions", toChat()],
    ["/v1/messages", toMessages()],
    ["/v1/nothing", {}],
  ])("is on every answer of %s", async (path, body) => {
    await field.script({
      chat: () => chatWhole({ content: "a" }),
      messages: () => messagesWhole([{ type: "text", text: "a" }]),
    });
    const given = await post(path, body, { "x-request-id": "own-name" });
    const made = await post(path, body);
    for (const name of ["x-request-id", "request-id"]) {
      expect(given.headers.get(name)).toBe("own-name");
      expect(made.headers.get(name)).toMatch(/^req_[0-9a-f]{32}$/);
    }
  });

  it("is in the errors of Messages, before the stream and in it", async () => {
    const refused = await post("/v1/messages", { model: "none" }, { "x-request-id": "own-name" });
    expect(JSON.parse(refused.text)).toMatchObject({ type: "error", request_id: "own-name" });
    const broken = String(messagesStream("said").body).split("event: message_delta")[0];
    await field.script({ messages: () => ({ body: broken }) });
    const { text } = await post("/v1/messages", toMessages({ stream: true }), {
      "x-request-id": "own-name",
    });
    expect(text).toMatch(/event: error\ndata: .*"request_id":"own-name"/);
  });

  it("is in the line of the call that had none", async () => {
    await field.script({ chat: () => chatWhole({ content: "a" }) });
    const { headers } = await post("/v1/chat/completions", toChat());
    const line = field.log.findLast(({ event }) => event === "call");
    expect(line).toMatchObject({ x_request_id: headers.get("x-request-id") });
  });
});

describe("a client that tries another way", () => {
  it("with a WebSocket is sent back at once", async () => {
    const status = await new Promise<unknown[]>((resolve, reject) => {
      const asked = httpRequest(`${base}/v1/responses`, {
        headers: { upgrade: "websocket", connection: "Upgrade" },
      });
      asked.on("response", (response) => {
        response.resume();
        resolve([response.statusCode, response.headers.upgrade]);
      });
      asked.on("error", reject).end();
    });
    expect(status).toEqual([426, "HTTP/1.1"]);
  });

  it("with HEAD has the headers of GET, and no body", async () => {
    const get = await fetch(`${base}/v1/models`);
    const head = await fetch(`${base}/v1/models`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([
      get.status,
      get.headers.get("content-type"),
    ]);
    expect(await head.text()).toBe("");
  });

  it.each([
    "/v1/completions",
    "/v1/responses/compact",
    "/v1/batches",
    "/v1/files",
    "/v1/images/generations",
    "/v1/audio/speech",
    "/v1/rerank",
  ])("at %s is told what is served", async (path) => {
    const { status, text } = await post(path, {});
    expect(status).toBe(404);
    expect(text).toContain("POST /v1/chat/completions");
  });

  it("with a body of Responses at the path of Chat has an answer of Chat", async () => {
    await field.script({ chat: () => chatDeltas([{ content: "Hello." }]) });
    const editor = {
      model: "m-chat",
      stream: true,
      input: [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "input_text", text: "hi" }] },
      ],
      include: ["reasoning.encrypted_content"],
      text: { format: { type: "text" } },
      reasoning: { effort: "low" },
    };
    const { status, text } = await post("/v1/chat/completions", editor);
    expect(status).toBe(200);
    expect(text).toContain('"object":"chat.completion.chunk"');
    expect(text).toContain('"content":"Hello."');
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(JSON.parse(field.bodies("chat")[0] ?? "")["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ]);
  });
});

describe("headers of a dialect", () => {
  it("reach a target of Messages", async () => {
    await field.script({ messages: () => messagesWhole([{ type: "text", text: "a" }]) });
    const { headers } = await post("/v1/messages", toMessages(), {
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "one-2026-01-01,two-2026-02-02",
    });
    expect(field.headers("messages")[0]).toMatchObject({
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "one-2026-01-01,two-2026-02-02",
    });
    expect(headers.get("x-steer-warnings")).toBeNull();
  });

  it.each([
    ["chat", "/v1/chat/completions", toChat()],
    ["responses", "/v1/responses", { model: "m-responses", input: "hi", store: false }],
  ])("reach a target of %s", async (server, path, body) => {
    const item = {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "a" }],
    };
    await field.script({
      chat: () => chatWhole({ content: "a" }),
      responses: () => responsesWhole([item]),
    });
    await post(path, body, { "openai-beta": "some=v2" });
    expect(field.headers(server)[0]).toMatchObject({ "openai-beta": "some=v2" });
    expect(field.bodies(server)[0]).not.toContain("openai-beta");
  });

  it("of another dialect are no reason to refuse a target", async () => {
    await field.script({ chat: () => chatWhole({ content: "a" }) });
    const body = { ...toMessages(), model: "m-chat" };
    const { status } = await post("/v1/messages", body, {
      "anthropic-version": "2023-06-01",
      "x-steer-unsupported": "reject",
    });
    expect(status).toBe(200);
  });

  it("that name a session are labels of the call", async () => {
    await field.script({ messages: () => messagesWhole([{ type: "text", text: "a" }]) });
    await post("/v1/messages", toMessages(), {
      "x-claude-code-session-id": "s-1",
      "x-claude-code-agent-id": "a-1",
      "x-app": "cli",
      "x-steer-labels": "team=red",
    });
    const line = field.log.findLast(({ event }) => event === "call");
    expect(line?.["labels"]).toEqual({ session: "s-1", agent: "a-1", app: "cli", team: "red" });
  });
});

describe("a coding agent's note of who pays", () => {
  const note = "x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;";
  const system = [
    { type: "text", text: note },
    { type: "text", text: "You code.", cache_control: { type: "ephemeral" } },
  ];

  it("goes to Anthropic byte for byte", async () => {
    await field.script({ messages: () => messagesWhole([{ type: "text", text: "a" }]) });
    const { headers } = await post("/v1/messages", toMessages({ system }));
    expect(field.bodies("messages")[0]).toContain(JSON.stringify(system[0]));
    expect(JSON.parse(field.bodies("messages")[0] ?? "")["system"]).toEqual(system);
    expect(headers.get("x-steer-warnings")).toBeNull();
  });

  it("is left out for others, and a warning says so", async () => {
    await field.script({ chat: () => chatWhole({ content: "a" }) });
    const { headers } = await post("/v1/messages", { ...toMessages({ system }), model: "m-chat" });
    expect(field.bodies("chat")[0]).not.toContain("billing");
    expect(field.bodies("chat")[0]).toContain("You code.");
    expect(headers.get("x-steer-warnings")).toContain("PROVIDER_PART_DROPPED");
  });
});

describe("x-steer-summary", () => {
  it.each([
    ["/v1/chat/completions", "chat", toChat({ stream: true }), "data: [DONE]"],
    ["/v1/messages", "messages", toMessages({ stream: true }), "event: message_stop"],
  ])("puts the facts before the terminator of %s", async (path, server, body, terminator) => {
    await field.script({
      chat: () => chatDeltas([{ content: "a" }]),
      messages: () => messagesStream("a"),
    });
    const { text } = await post(path, body, { "x-steer-summary": "true" });
    const [, facts = "null"] = /^: steer (.*)$/m.exec(text) ?? [];
    expect(JSON.parse(facts)).toMatchObject({ attempts: "1", provider: server });
    expect(text.indexOf(": steer")).toBeLessThan(text.indexOf(terminator));
    expect((await post(path, body)).text).not.toContain(": steer");
  });

  it("is true or false", async () => {
    const { status } = await post("/v1/chat/completions", toChat({ stream: true }), {
      "x-steer-summary": "maybe",
    });
    expect(status).toBe(400);
  });
});

describe("x-steer-commit with a number", () => {
  const broken = (words: readonly string[]) =>
    String(chatDeltas(words.map((content) => ({ content }))).body).split('"delta":{}')[0];
  const whole = chatDeltas([{ content: "Another " }, { content: "answer." }]);

  const apis = [
    ["/v1/chat/completions", toChat({ stream: true }), "[DONE]"],
    ["/v1/responses", { model: "m-chat", input: "hi", stream: true }, "response.completed"],
  ] as const;

  async function streamed(path: string, body: object, words: readonly string[], commit: string) {
    let asked = 0;
    await field.script({ chat: () => (asked++ === 0 ? { body: broken(words) } : whole) });
    return post(path, body, { "x-steer-commit": commit });
  }

  const contentOf = (text: string): string =>
    [...text.matchAll(/"(?:content|delta)":"([^"]*)"/g)].map(([, said]) => said).join("");

  it.each(apis)(
    "rescues a failure within the characters that %s holds back",
    async (path, body, end) => {
      const { text } = await streamed(path, body, ["One ", "two "], "20");
      expect(contentOf(text)).toBe("Another answer.");
      expect(text).toContain(end);
    },
  );

  it.each(apis)("has the error of %s behind them, and no text twice", async (path, body, end) => {
    const { text } = await streamed(path, body, ["One ", "two ", "three "], "6");
    expect(contentOf(text)).toMatch(/^One two /);
    expect(text).not.toContain("Another");
    expect(text).not.toContain(end);
    expect(text).toContain('"error":{');
  });

  it.each(["0", "-1", "many", "1.5"])("%s is refused", async (commit) => {
    const { status } = await post("/v1/chat/completions", toChat({ stream: true }), {
      "x-steer-commit": commit,
    });
    expect(status).toBe(400);
  });
});
