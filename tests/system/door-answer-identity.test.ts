// A vendor's answer comes to the vendor's own client through the gateway as it comes without the gateway.
import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/domain/json.ts";
import { chatStreams } from "../support/door-requests/chat-streams.ts";
import { messagesStreams } from "../support/door-requests/messages-streams.ts";
import { responsesStreams } from "../support/door-requests/responses-streams.ts";
import { ANSWERS } from "../support/door-requests/whole-answers.ts";
import { type FieldStack, startFieldStack } from "../support/field-stack.ts";
import type { WireAnswer } from "../support/wire-answers.ts";
import { loadFixtures, type WireFixture } from "../support/wire-fixture.ts";

let field: FieldStack;
let door: string;
let upstream: Readonly<Record<DialectName, string>>;

beforeAll(async () => {
  field = await startFieldStack(["chat", "responses", "messages"], (url) => {
    upstream = { chat: url("chat"), responses: url("responses"), messages: url("messages") };
    return `
providers:
  - {id: chat, type: groq, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: responses, type: openai, base_url: "${url("responses")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: messages, type: anthropic, base_url: "${url("messages")}", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat}
  - {id: m-responses, provider: responses}
  - {id: m-messages, provider: messages}
`;
  });
  door = `http://${String(field.log[0]?.["http"])}`;
});

afterAll(() => field[Symbol.asyncDispose]());

/** Fields that are the gateway's own, by the paths where they stand. */
const EXEMPT: ReadonlySet<string> = new Set([
  // Names and times of the answer, of which the gateway is the server.
  ".id",
  ".created",
  ".created_at",
  ".completed_at",
  ".model",
  ".output[].id",
  // Clients of agents want it on every item.
  ".output[].status",
  // Results of the client's own reading.
  "._request_id",
  // Of an event that nobody knows. Clients leave it out, and the gateway tells it at the end.
  ".x_novel",
  ".output_text",
  ".parsed",
  // Repeats of the request, which are not part of the log.
  ...[
    "background",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
  ].map((name) => `.${name}`),
]);

/** Arguments of a call that came without any. */
const NO_ARGUMENTS = "{}";

/** What nothing is said by: null, zero, false, and lists and objects of nothing else. */
function says(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === 0 || value === "") return false;
  if (value === NO_ARGUMENTS || value === false) return false;
  if (Array.isArray(value)) return value.some(says);
  return !isJsonObject(value) || Object.values(value).some(says);
}

/** Two names of thoughts are in use, and the door has one of them. */
const OTHER_NAMES: Readonly<Record<string, string>> = { reasoning: "reasoning_content" };

/** An item of thoughts that nobody can read or send back. */
function isBare(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).join() === "type";
}

function kept(value: JsonValue, path = ""): JsonValue {
  // Half a character is none in UTF-8.
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) {
    return value.map((each) => kept(each, `${path}[]`)).filter((each) => !isBare(each));
  }
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value).flatMap(([name, inner]) => {
    const at = `${path}.${name}`;
    if (EXEMPT.has(at) || name === "parsed_arguments" || name === "parsed") return [];
    const own = kept(inner, at);
    const known = path.endsWith("message") ? (OTHER_NAMES[name] ?? name) : name;
    return says(own) ? [[known, own] as const] : [];
  });
  return Object.fromEntries(fields);
}

const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

function openai(baseURL: string): OpenAI {
  return new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: "unused", maxRetries: 0 });
}

function anthropic(baseURL: string): Anthropic {
  return new Anthropic({ baseURL, apiKey: "unused", maxRetries: 0 });
}

interface Reading {
  readonly types: readonly string[];
  readonly whole: JsonObject;
  /** What the deltas of each text and of each call come to. */
  readonly deltas?: readonly string[];
}

/** Signs of life, progress of the vendor's own tools, and types that nobody knows: they carry nothing of the answer. */
const NO_ANSWER = /^(ping|keepalive|something_new|response\.(novelty|[a-z_]+_call\..*))$/;

/** Types in the order in which they come first. */
function orderOf(types: readonly string[]): readonly string[] {
  return [...new Set(types)].filter((type) => !NO_ANSWER.test(type));
}

/** A delta of Responses, of which the client assembles nothing by itself. */
interface Delta {
  readonly output_index: number;
  readonly content_index?: number;
  readonly delta: string;
}

const DELTAS: ReadonlySet<string> = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.function_call_arguments.delta",
]);

const MESSAGES = [{ role: "user" as const, content: "hi" }];

const READERS = {
  async chat(base: string, stream: boolean): Promise<Reading> {
    const asked = { model: "m-chat", messages: MESSAGES };
    const { chat } = openai(base);
    if (!stream) return { types: [], whole: json(await chat.completions.create(asked)) };
    const reading = chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    return { types: [], whole: json(await reading.finalChatCompletion()) };
  },
  async responses(base: string, stream: boolean): Promise<Reading> {
    const asked = { model: "m-responses", input: "hi", store: false };
    const { responses } = openai(base);
    if (!stream) return { types: [], whole: json(await responses.create(asked)) };
    const types: string[] = [];
    const deltas = new Map<string, string>();
    let whole: unknown;
    for await (const event of await responses.create({ ...asked, stream: true })) {
      types.push(event.type);
      if ("delta" in event && DELTAS.has(event.type)) {
        const { output_index, content_index = 0, delta } = event as Delta;
        const place = `${output_index}.${content_index}`;
        deltas.set(place, (deltas.get(place) ?? "") + delta);
      }
      if (event.type === "response.completed" || event.type === "response.incomplete") {
        whole = event.response;
      }
    }
    return { types: orderOf(types), whole: json(whole), deltas: [...deltas.values()].filter(says) };
  },
  async messages(base: string, stream: boolean): Promise<Reading> {
    const asked = { model: "m-messages", max_tokens: 9, messages: MESSAGES };
    const { messages } = anthropic(base);
    if (!stream) return { types: [], whole: json(await messages.create(asked)) };
    const types: string[] = [];
    const reading = messages.stream(asked);
    // The client's helper reads some of the counts at the start alone.
    const usage = {};
    reading.on("streamEvent", (event) => {
      types.push(event.type);
      if (event.type === "message_start") Object.assign(usage, event.message.usage);
      if (event.type === "message_delta") Object.assign(usage, event.usage);
    });
    const whole = json({ ...(await reading.finalMessage()), usage });
    return { types: orderOf(types), whole };
  },
} as const;

type DialectName = keyof typeof READERS;

function isDialect(name: string): name is DialectName {
  return name in READERS;
}

function answerOf({ status, headers, body }: WireFixture): WireAnswer {
  return { status, headers: Object.fromEntries(headers), body };
}

/** Undefined: the client cannot read the answer. */
async function readingOf(reading: Promise<Reading>): Promise<Reading | undefined> {
  return reading.catch(() => undefined);
}

async function expectSame(
  dialect: DialectName,
  answer: WireAnswer,
  stream: boolean,
): Promise<void> {
  await field.script({ [dialect]: () => answer });
  const direct = await readingOf(READERS[dialect](upstream[dialect], stream));
  const through = await READERS[dialect](door, stream);
  // Answers of odd servers, which the vendor's client reads behind the gateway alone.
  if (direct === undefined) return;
  const { usage, ...rest } = through.whole;
  // Without counts of the provider the gateway tells an estimate.
  const isCounted = direct.whole["usage"] !== undefined && usage !== undefined;
  expect(kept(isCounted ? through.whole : rest)).toEqual(kept(direct.whole));
  expect(through.deltas).toEqual(direct.deltas);
  // Events that the recording leaves out are there behind the gateway.
  const types = through.types.filter((type) => direct.types.includes(type));
  // A block that nobody knows comes whole at its start.
  const isOdd = Buffer.isBuffer(answer.body) && answer.body.includes("new_block");
  expect(isOdd ? [...types].sort() : types).toEqual(
    isOdd ? [...direct.types].sort() : direct.types,
  );
}

const FIXTURES = ["openai", "anthropic"]
  .flatMap(loadFixtures)
  .filter(({ expected, status }) => status === 200 && expected.error === undefined);

describe("a recorded answer is the same with the gateway and without", () => {
  it.each(FIXTURES.map((fixture) => [fixture.name, fixture] as const))(
    "%s",
    async (name, fixture) => {
      const dialect = name.split("/")[1] ?? "";
      if (!isDialect(dialect)) throw new Error(`no dialect ${dialect}`);
      await expectSame(dialect, answerOf(fixture), fixture.expected.stream);
    },
  );
});

const STREAMS = { chat: chatStreams, messages: messagesStreams, responses: responsesStreams };

describe("a generated stream is the same with the gateway and without, wherever it is cut", () => {
  it.each(Object.keys(STREAMS).filter(isDialect))("of %s", async (dialect) => {
    await fc.assert(
      fc.asyncProperty(STREAMS[dialect], ({ text, cuts }) =>
        expectSame(dialect, { body: Buffer.from(text), cuts }, true),
      ),
      { numRuns: 60 },
    );
  });
});

describe("a generated answer is the same with the gateway and without", () => {
  it.each(Object.keys(ANSWERS).filter(isDialect))("of %s", async (dialect) => {
    await fc.assert(
      fc.asyncProperty(ANSWERS[dialect], (answer) => expectSame(dialect, { body: answer }, false)),
      { numRuns: 40 },
    );
  });
});
