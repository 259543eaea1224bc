import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AdapterStack,
  callIds,
  either,
  type Server,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import type { Mode } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { startFieldStack } from "../../support/field-stack.ts";
import { OK_ANSWERS } from "../../support/ok-answers.ts";
import {
  chatStream,
  chatWhole,
  messagesEvents,
  messagesWhole,
  responsesStream,
  responsesWhole,
  type WireAnswer,
} from "../../support/wire-answers.ts";

// Identifiers of calls: those that Steer makes up, and those of one vendor at another.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const EVERYBODY = /^[a-zA-Z0-9_-]{1,40}$/;

function withId(answer: WireAnswer, id: string): WireAnswer {
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  const body = text.replaceAll('"id":"c1"', `"id":${JSON.stringify(id)}`);
  return typeof answer.body === "string" ? { body } : { body: JSON.parse(body) };
}

const nameless = {
  tool_calls: [
    { index: 0, type: "function", function: { name: "f", arguments: "{}" } },
    { index: 1, type: "function", function: { name: "g", arguments: "{}" } },
  ],
};

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["field:A19 a long identifier of the answer", `chatcmpl-${"a".repeat(32)}`],
    ["field:A20 an identifier with other characters", "gen:1/2"],
    ["field:A19 none", ""],
  ])("%s", async (_name, id) => {
    const answer = either(
      withId(chatWhole(nameless, "tool_calls"), id),
      withId(chatStream(nameless, "tool_calls"), id),
    );
    const first = callIds(await stack.call(mode, "chat", answer));
    const second = callIds(await stack.call(mode, "chat", answer));
    const all = [...first, ...second];
    expect(all).toHaveLength(4);
    for (const each of all) expect(each).toMatch(EVERYBODY);
    // Two turns of one conversation, whose answers have one identifier.
    expect(new Set(all).size).toBe(4);
  });

  it("field:A19 two calls of one identifier are told apart", async () => {
    const twice = {
      tool_calls: ["f", "g"].map((name, index) => ({
        index,
        id: "0",
        type: "function",
        function: { name, arguments: "{}" },
      })),
    };
    const answer = either(chatWhole(twice, "tool_calls"), chatStream(twice, "tool_calls"));
    const ids = callIds(await stack.call(mode, "chat", answer));
    expect(new Set(ids).size).toBe(2);
  });

  it("field:A19 an identifier that is too long to come back", async () => {
    const id = "x".repeat(257);
    const call = { index: 0, id, type: "function", function: { name: "f", arguments: "{}" } };
    const chat = { tool_calls: [call] };
    const item = { type: "function_call", call_id: id, name: "f", arguments: "{}" };
    const block = { type: "tool_use", id, name: "f", input: {} };
    const start = { type: "content_block_start", index: 0, content_block: block };
    const ends = [
      await stack.call(
        mode,
        "chat",
        either(chatWhole(chat, "tool_calls"), chatStream(chat, "tool_calls")),
      ),
      await stack.call(mode, "resp", either(responsesWhole([item]), responsesStream([item]))),
      await stack.call(
        mode,
        "ant",
        either(messagesWhole([block], "tool_use"), messagesEvents([start], "tool_use")),
      ),
    ];
    for (const end of ends) expect(callIds(end)).toEqual([expect.stringMatching(EVERYBODY)]);
    const kept = { tool_calls: [{ ...call, id: "x".repeat(256) }] };
    const end = await stack.call(mode, "chat", either(chatWhole(kept), chatStream(kept)));
    expect(callIds(end)).toEqual(["x".repeat(256)]);
  });

  it("field:A19 calls of Responses and Messages without identifier", async () => {
    const item = { type: "function_call", name: "f", arguments: "{}" };
    const block = { type: "tool_use", name: "f", input: {} };
    const start = { type: "content_block_start", index: 0, content_block: block };
    const resp = either(responsesWhole([item]), responsesStream([item]));
    const ant = either(messagesWhole([block], "tool_use"), messagesEvents([start], "tool_use"));
    for (const end of [await stack.call(mode, "resp", resp), await stack.call(mode, "ant", ant)]) {
      expect(callIds(end)).toEqual([expect.stringMatching(EVERYBODY)]);
    }
  });
});

const text = (words: string) => ({ data: { case: "text" as const, value: { text: words } } });

/** A conversation with these calls, each with its result. */
function history(ids: readonly string[]) {
  const calls = ids.map((id) => ({
    data: { case: "toolCall" as const, value: { id, name: "f", argumentsJson: "{}" } },
  }));
  const results = ids.map((toolCallId) => ({
    data: { case: "toolResult" as const, value: { toolCallId, content: [text("r")] } },
  }));
  return {
    messages: [
      { role: 2, parts: [text("q")] },
      { role: 3, parts: calls },
      { role: 4, parts: results },
    ],
    tools: [
      {
        kind: {
          case: "function" as const,
          value: { name: "f", parametersJsonSchema: '{"type":"object"}' },
        },
      },
    ],
  };
}

type Sent = Record<string, never> & {
  readonly messages: readonly Record<string, never>[];
  readonly input: readonly Record<string, string>[];
};

/** Identifiers of the calls and of their results, as the server got them. */
const SENT: Readonly<Record<Server, (body: Sent) => readonly (readonly string[])[]>> = {
  chat: ({ messages }) => chatIds(messages),
  oai: ({ messages }) => chatIds(messages),
  grok: ({ messages }) => chatIds(messages),
  ant: ({ messages }) => {
    const blocks = messages.flatMap(
      ({ content }) => content as unknown as readonly Readonly<Record<string, string>>[],
    );
    const of = (type: string, field: string) =>
      blocks.filter((block) => block["type"] === type).map((block) => String(block[field]));
    return [of("tool_use", "id"), of("tool_result", "tool_use_id")];
  },
  resp: ({ input }) =>
    ["function_call", "function_call_output"].map((type) =>
      input.filter((item) => item["type"] === type).map((item) => String(item["call_id"])),
    ),
};

function chatIds(messages: Sent["messages"]): readonly (readonly string[])[] {
  const calls = messages.flatMap(
    ({ tool_calls: own }) => (own as readonly { readonly id: string }[] | undefined) ?? [],
  );
  const results = messages.filter(({ role }) => role === "tool");
  return [calls.map(({ id }) => id), results.map(({ tool_call_id: id }) => String(id))];
}

async function idsIn(mode: Mode, server: Server, ids: readonly string[]) {
  const end = await stack.call(mode, server, OK_ANSWERS[server], history(ids));
  expect(end.error).toBeUndefined();
  return SENT[server](stack.sent(server) as Sent);
}

const STRANGE = ["functions.get:0", "functions.get:1", "call ü", `toolu_${"x".repeat(60)}`];

describe.each(MODES)("%s: identifiers of other vendors", (mode) => {
  const idsAt = (server: Server, ids: readonly string[]) => idsIn(mode, server, ids);

  it("field:A21 go to Anthropic in its letters", async () => {
    const [calls = [], results] = await idsAt("ant", [...STRANGE, "toolu_1"]);
    expect(results).toEqual(calls);
    expect(new Set(calls).size).toBe(5);
    for (const id of calls) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect(calls[4]).toBe("toolu_1");
  });

  it("field:A22 go to OpenAI's Chat in 40 characters", async () => {
    const long = [`a${"x".repeat(52)}`, `b${"x".repeat(52)}`, "x".repeat(41)];
    const [calls = [], results] = await idsAt("oai", [...long, "x".repeat(40), "functions.get:0"]);
    expect(results).toEqual(calls);
    expect(new Set(calls).size).toBe(5);
    for (const id of calls) expect(id.length).toBeLessThanOrEqual(40);
    expect(calls.slice(3)).toEqual(["x".repeat(40), "functions.get:0"]);
  });

  it("field:A22 go to OpenAI's Responses in 64 characters", async () => {
    await using own = await startFieldStack(
      ["up"],
      (url) =>
        `providers: [{id: up, type: openai, base_url: "${url("up")}/v1", api_key_env: UP_KEY, builtin_models: true, api: responses}]`,
    );
    await own.script({ up: OK_ANSWERS.resp });
    const long = [`a${"x".repeat(64)}`, `b${"x".repeat(64)}`, "x".repeat(64), "functions.get:0"];
    const end = await own.call(mode, { model: "up/gpt-5", ...history(long) } as never);
    expect(end.error).toBeUndefined();
    const [calls = [], results] = SENT.resp(JSON.parse(own.bodies("up").at(-1) ?? "null"));
    expect(results).toEqual(calls);
    expect(new Set(calls).size).toBe(4);
    for (const id of calls) expect(id.length).toBeLessThanOrEqual(64);
    expect(calls.slice(2)).toEqual(long.slice(2));
  });

  it("field:A22 are the same in every turn, and never meet one that is there already", async () => {
    const long = "x".repeat(53);
    const [[first] = []] = await idsAt("oai", [long]);
    const [[again, other] = []] = await idsAt("oai", [long, "y".repeat(53)]);
    expect(again).toBe(first);
    const [[moved, kept] = []] = await idsAt("oai", [long, String(first)]);
    expect(kept).toBe(first);
    expect(new Set([moved, kept, other]).size).toBe(3);
  });

  it("go to other servers as they are", async () => {
    expect((await idsAt("chat", STRANGE))[0]).toEqual(STRANGE);
    expect((await idsAt("resp", STRANGE))[0]).toEqual(STRANGE);
  });
});
