// What the vendors' own clients do beside plain texts: objects by a schema, images, limits, and leaving.
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import OpenAI from "openai";
import { makeParseableResponseFormat, makeParseableTextFormat } from "openai/lib/parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FieldStack, startFieldStack } from "../support/field-stack.ts";
import {
  chatWhole,
  messagesWhole,
  responsesWhole,
  SILENCE,
  type WireAnswer,
} from "../support/wire-answers.ts";

const SERVERS = ["chat", "responses", "messages"] as const;
type Server = (typeof SERVERS)[number];

/** By default, a model in the file takes no media. */
const ABLE = "capabilities: [generate, stream, image-input, json-object, json-schema]";

let field: FieldStack;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  field = await startFieldStack(
    SERVERS,
    (url) => `
providers:
  - {id: chat, type: vllm, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: responses, type: openai, base_url: "${url("responses")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: messages, type: anthropic, base_url: "${url("messages")}", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat, ${ABLE}}
  - {id: m-responses, provider: responses, ${ABLE}}
  - {id: m-messages, provider: messages, ${ABLE}}
`,
  );
  const base = `http://${String(field.log[0]?.["http"])}`;
  openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: "unused", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: base, apiKey: "unused", maxRetries: 0 });
});

afterAll(() => field[Symbol.asyncDispose]());

/** An answer with this text, by server. */
function saying(text: string): Readonly<Record<Server, () => WireAnswer>> {
  const content = [{ type: "output_text", text, annotations: [] }];
  const item = { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
  return {
    chat: () => chatWhole({ content: text }),
    responses: () => responsesWhole([item]),
    messages: () => messagesWhole([{ type: "text", text }]),
  };
}

const everywhere = (answer: WireAnswer) =>
  Object.fromEntries(SERVERS.map((server) => [server, () => answer]));

const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const;
const CITY = { city: "Reykjavík" };
const user = (content: string) => [{ role: "user" as const, content }];

/** The object that the client has parsed. */
const PARSED = {
  async chat(model: string): Promise<unknown> {
    const json_schema = { name: "city", schema: SCHEMA, strict: true };
    const format = { type: "json_schema" as const, json_schema };
    const answer = await openai.chat.completions.parse({
      model,
      messages: user("where?"),
      response_format: makeParseableResponseFormat(format, JSON.parse),
    });
    return answer.choices[0]?.message.parsed;
  },
  async responses(model: string): Promise<unknown> {
    const format = { type: "json_schema" as const, name: "city", schema: SCHEMA, strict: true };
    const text = { format: makeParseableTextFormat(format, JSON.parse) };
    return (await openai.responses.parse({ model, input: "where?", text })).output_parsed;
  },
  async messages(model: string): Promise<unknown> {
    const format = jsonSchemaOutputFormat(SCHEMA);
    const asked = { model, max_tokens: 9, messages: user("where?"), output_config: { format } };
    return (await anthropic.messages.parse(asked)).parsed_output;
  },
} as const;

const PNG = "iVBORw0KGgo=";
const IMAGE_URL = `data:image/png;base64,${PNG}`;

/** Asks about an image. */
const SHOWN = {
  chat: (model: string) =>
    openai.chat.completions.create({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what is it?" },
            { type: "image_url", image_url: { url: IMAGE_URL } },
          ],
        },
      ],
    }),
  responses: (model: string) =>
    openai.responses.create({
      model,
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "what is it?" },
            { type: "input_image", image_url: IMAGE_URL, detail: "auto" },
          ],
        },
      ],
    }),
  messages: (model: string) =>
    anthropic.messages.create({
      model,
      max_tokens: 9,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what is it?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
          ],
        },
      ],
    }),
} as const;

/** A plain question, whole or streamed, which ends with the signal. */
const ASKED = {
  chat: (model: string, stream: boolean, signal?: AbortSignal) =>
    openai.chat.completions.create({ model, messages: user("hi"), stream }, { signal }),
  responses: (model: string, stream: boolean, signal?: AbortSignal) =>
    openai.responses.create({ model, input: "hi", store: false, stream }, { signal }),
  messages: (model: string, stream: boolean, signal?: AbortSignal) =>
    anthropic.messages.create({ model, max_tokens: 9, messages: user("hi"), stream }, { signal }),
} as const;

const PAIRS = SERVERS.flatMap((door) => SERVERS.map((server) => [door, server] as const));

describe("the vendors' own clients", () => {
  it.each(PAIRS)("parse an object by its schema: %s in front of %s", async (door, server) => {
    await field.script(saying(JSON.stringify(CITY)));
    expect(await PARSED[door](`m-${server}`)).toEqual(CITY);
    expect(field.bodies(server)[0]).toContain('"additionalProperties":false');
  });

  it.each(PAIRS)("send an image: %s in front of %s", async (door, server) => {
    await field.script(saying("a dot"));
    await SHOWN[door](`m-${server}`);
    const body = field.bodies(server)[0] ?? "";
    const own = {
      chat: { type: "image_url", image_url: { url: IMAGE_URL } },
      responses: { type: "input_image", image_url: IMAGE_URL },
      messages: { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    }[server];
    const list = server === "responses" ? "input" : "messages";
    expect(JSON.parse(body)[list].at(-1).content.at(-1)).toMatchObject(own);
  });

  it.each(SERVERS)("have their class for a limit, with the pause: %s", async (door) => {
    const headers = { "retry-after": "7" };
    await field.script(everywhere({ status: 429, headers, body: { error: { message: "slow" } } }));
    for (const stream of [false, true]) {
      const error: unknown = await ASKED[door](`m-${door}`, stream).catch((thrown) => thrown);
      const { RateLimitError } = door === "messages" ? Anthropic : OpenAI;
      expect(error).toBeInstanceOf(RateLimitError);
      const told = (error as InstanceType<typeof OpenAI.RateLimitError>).headers;
      const seconds = Number(told.get("retry-after"));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(7);
    }
  });
});

/** Milliseconds in which a provider must see that a caller has left. */
const LEAVE_MS = 100;
/** The machine can make each of them longer, and never shorter. */
const TRIES = 5;

/** Milliseconds from a client's leave to the close of the provider's connection. */
async function leaveMs(door: Server, stream: boolean): Promise<number> {
  await field.script(everywhere(SILENCE));
  const leaving = new AbortController();
  const left = ASKED[door](`m-${door}`, stream, leaving.signal).catch((thrown: unknown) => thrown);
  while (field.requests(door) === 0) await wait(1);
  const [socket] = field.sockets(door);
  if (socket === undefined) throw new Error("no connection");
  const closed = once(socket, "close");
  const from = performance.now();
  leaving.abort();
  await closed;
  const ms = performance.now() - from;
  await left;
  return ms;
}

describe("a client that leaves", () => {
  it.each(SERVERS)("ends the provider's call at once: %s", async (door) => {
    for (const stream of [false, true]) {
      let least = Number.POSITIVE_INFINITY;
      for (let turn = 0; turn < TRIES && least > LEAVE_MS; turn++) {
        least = Math.min(least, await leaveMs(door, stream));
      }
      expect(least).toBeLessThanOrEqual(LEAVE_MS);
    }
  });
});
