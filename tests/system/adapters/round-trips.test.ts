// An answer of each type goes back, as history, to servers of every other type and dialect: each gets what its own
// rules take, and the caller is told what was left out.
import type { JsonValue } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdapterStack, type Server, startAdapterStack } from "../../support/adapter-stack.ts";
import type { Mode } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { toolF, toolMessage, toolResult, user, words } from "../../support/conversation.ts";
import type { Answer, CallEnd } from "../../support/field-stack.ts";
import { OK_ANSWERS } from "../../support/ok-answers.ts";
import { cut, FREE_TEXT, RICH, SOURCES, type Source } from "../../support/rich-answers.ts";
import { secondTurn } from "../../support/second-turn.ts";

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

/** What a server receives of the conversation, and the identifier of its call. */
interface Dialect {
  readonly field: "messages" | "input";
  readonly idOf: (sent: readonly JsonValue[]) => string;
  readonly pattern: RegExp;
  readonly conversation: (id: string, args: string) => readonly object[];
}

const chatDialect = (pattern: RegExp): Dialect => ({
  field: "messages",
  idOf: (sent) => (sent[2] as { tool_call_id: string }).tool_call_id,
  pattern,
  conversation: (id, args) => [
    { role: "user", content: "q" },
    {
      role: "assistant",
      content: "See.",
      tool_calls: [{ id, type: "function", function: { name: "f", arguments: args } }],
    },
    { role: "tool", tool_call_id: id, content: "r" },
    { role: "user", content: "go on" },
  ],
});

const DIALECTS: Readonly<Record<Server, Dialect>> = {
  chat: chatDialect(/./),
  grok: chatDialect(/./),
  oai: chatDialect(/^.{1,40}$/),
  resp: {
    field: "input",
    idOf: (sent) => (sent.at(-2) as { call_id: string }).call_id,
    pattern: /^.{1,64}$/,
    conversation: (call_id, args) => [
      { type: "message", role: "user", content: [{ type: "input_text", text: "q" }] },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "See.", annotations: [] }],
      },
      { type: "function_call", call_id, name: "f", arguments: args },
      { type: "function_call_output", call_id, output: "r" },
      { type: "message", role: "user", content: [{ type: "input_text", text: "go on" }] },
    ],
  },
  ant: {
    field: "messages",
    idOf: (sent) =>
      (sent[2] as { content: { tool_use_id: string }[] }).content[0]?.tool_use_id ?? "",
    pattern: /^[a-zA-Z0-9_-]+$/,
    conversation: (id, args) => [
      { role: "user", content: [{ type: "text", text: "q" }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "See." },
          { type: "tool_use", id, name: "f", input: JSON.parse(args) },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: id, content: [{ type: "text", text: "r" }] },
          { type: "text", text: "go on" },
        ],
      },
    ],
  },
};

/** What a vendor has added goes back to the same type and dialect alone. */
const WIRES: Readonly<Record<Server, string>> = {
  chat: "openai/chat",
  oai: "openai/chat",
  resp: "openai/responses",
  ant: "anthropic/messages",
  grok: "xai/chat",
};

/** The input of a whole answer of Messages is an object, and cannot be cut. */
const CUT_SOURCES: Readonly<Record<Mode, readonly Source[]>> = {
  unary: ["chat", "resp", "grok"],
  stream: SOURCES,
};

const OTHERS = SOURCES.flatMap((source) =>
  (Object.keys(DIALECTS) as Server[])
    .filter((target) => WIRES[target] !== WIRES[source])
    .map((target) => [source, target] as const),
);

/** The first turn, and what the target receives of it. */
async function roundTrip(mode: Mode, source: Server, answer: Answer, target: Server, spec = {}) {
  const tools = { tools: [toolF()] };
  const first = await stack.call(mode, source, answer, tools);
  const id = callOf(first)?.id ?? "";
  const { end, sent } = await secondTurn(stack, mode, target, first, {
    answer: OK_ANSWERS[target],
    next: [toolMessage(toolResult(id)), user(words("go on"))],
    spec: { ...tools, ...spec },
  });
  return { first, id, end, sent };
}

function callOf({ generation }: CallEnd) {
  const call = generation?.message?.parts.find(({ data }) => data.case === "toolCall")?.data;
  return call?.case === "toolCall" ? call.value : undefined;
}

describe.each(MODES)("%s", (mode) => {
  it.each(OTHERS)(
    "what %s has answered goes to %s as its own rules take it",
    async (source, target) => {
      const { id, end, sent } = await roundTrip(mode, source, RICH[source], target);
      const { field, idOf, pattern, conversation } = DIALECTS[target];
      const received = sent[field] as JsonValue[];
      const sentId = idOf(received);
      expect(received).toEqual(conversation(sentId, '{"a":1}'));
      expect(sentId).toMatch(pattern);
      if (pattern.test(id)) expect(sentId).toBe(id);
      const parts = source === "chat" || source === "grok" ? [] : ["PROVIDER_PART_DROPPED"];
      expect(end.warnings).toEqual([...parts, "PROVIDER_DATA_DROPPED", "REASONING_DROPPED"]);
      expect(end.generation?.outputText).toBe("ok");
    },
  );

  it.each(OTHERS)(
    "%s to %s: nothing that a vendor has signed or found goes along",
    async (source, target) => {
      await roundTrip(mode, source, RICH[source], target);
      const body = stack.field.bodies(target).at(-1) ?? "";
      for (const own of ["gAAA", "AbC=", "c2ln", "Eo8B", "srvtoolu_1", "ws1", "commentary", "hm"]) {
        expect(body).not.toContain(`"${own}"`);
      }
    },
  );

  /** Types whose wire has arguments as text take any; at Messages they are an object. */
  const TEXTUAL = ["chat", "grok", "oai", "resp"] as const;

  it.each(
    CUT_SOURCES[mode].flatMap((source) =>
      [...TEXTUAL, "ant" as const].map((to) => [source, to] as const),
    ),
  )("arguments of %s that were cut go to %s as they are, or to nobody", async (source, target) => {
    const { first, end, sent } = await roundTrip(mode, source, cut(source), target);
    const args = '{"a":"trunc';
    expect(callOf(first)?.argumentsJson).toBe(args);
    if (target === "ant") {
      expect(end.violations[0]).toMatch(
        /^spec\.messages\[1\]\.parts\[\d\]\.tool_call\.arguments_json$/,
      );
      expect(stack.field.requests("ant")).toBe(0);
      return;
    }
    expect(JSON.stringify(sent[DIALECTS[target].field])).toContain(
      `"arguments":${JSON.stringify(args)}`,
    );
    expect(end.generation?.outputText).toBe("ok");
  });

  it.each([
    ["chat", "grok"],
    ["chat", "resp"],
    ["resp", "chat"],
    ["resp", "grok"],
  ] as const)("a call of %s with free text goes to %s as a function's", async (source, target) => {
    const { end, sent } = await roundTrip(mode, source, FREE_TEXT[source], target);
    const { field, idOf, conversation } = DIALECTS[target];
    const received = sent[field] as JsonValue[];
    const [, spoken, ...rest] = conversation(idOf(received), "select 1");
    expect(received.slice(-rest.length)).toEqual(rest);
    if (target !== "resp")
      expect(received[1]).toMatchObject({ tool_calls: [{ type: "function" }] });
    expect(spoken).toBeDefined();
    expect(end.warnings).toContain("PROVIDER_DATA_DROPPED");
  });

  it.each(["chat", "resp", "grok"] as const)(
    "field:A58 a turn of %s that has called tools goes on at Anthropic without thinking, and says so",
    async (source) => {
      const reasoning = { reasoning: { budgetTokens: 2000 }, sampling: { maxOutputTokens: 5000 } };
      const { end, sent } = await roundTrip(mode, source, RICH[source], "ant", reasoning);
      expect(sent).not.toHaveProperty("thinking");
      expect(end.warnings).toContain("PARAMETER_DROPPED");
      const own = await roundTrip(mode, "ant", RICH.ant, "ant", reasoning);
      expect(own.sent["thinking"]).toEqual({ type: "enabled", budget_tokens: 2000 });
      expect(own.end.warnings).toEqual([]);
    },
  );
});
