import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Mode, Spec } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import {
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
  responsesStream,
  responsesWhole,
} from "../../support/wire-answers.ts";

// An answer that ends well and holds nothing.

let stack: FieldStack;

beforeAll(async () => {
  stack = await startFieldStack(
    ["chat", "resp", "ant", "grok", "two"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: resp, type: openai, base_url: "${url("resp")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: ant, type: anthropic, base_url: "${url("ant")}", api_key_env: UP_KEY}
  - {id: grok, type: xai, base_url: "${url("grok")}/v1", api_key_env: UP_KEY}
  - {id: two, type: openai, base_url: "${url("two")}/v1", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat}
  - {id: m-resp, provider: resp}
  - {id: m-ant, provider: ant}
  - {id: m-grok, provider: grok}
  - {id: q, provider: two}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

type Dialect = "chat" | "resp" | "ant" | "grok";

/** The same answer whole or as a stream, as the request asks. */
const chat =
  (message: object, reason?: string, usage?: object): Answer =>
  ({ stream }) =>
    stream === true ? chatStream(message, reason, usage) : chatWhole(message, reason, usage);
const resp =
  (output: readonly object[], more?: object): Answer =>
  ({ stream }) =>
    stream === true ? responsesStream(output, more) : responsesWhole(output, more);
const ant =
  (reason?: string): Answer =>
  ({ stream }) =>
    stream === true ? messagesStream("", reason) : messagesWhole([], reason);

const serves = chat({ content: "ok" });
const NO_TOKENS = { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 };
const message = (...content: readonly object[]) => ({
  type: "message",
  id: "m1",
  role: "assistant",
  content,
});

const EMPTY: readonly (readonly [Dialect, string, Answer])[] = [
  ["chat", "an empty text", chat({ content: "" })],
  ["chat", "no text", chat({ content: null })],
  ["chat", "no output tokens", chat({ content: "" }, "stop", NO_TOKENS)],
  [
    "chat",
    "fields that say nothing",
    chat({ content: "", refusal: null, tool_calls: [], annotations: [] }),
  ],
  ["grok", "an empty text", chat({ content: "" })],
  ["resp", "no items", resp([])],
  ["resp", "a message without content", resp([message()])],
  ["resp", "an empty text", resp([message({ type: "output_text", text: "", annotations: [] })])],
  ["ant", "no blocks", ant()],
];

/** Whoever says why nothing came has answered; whoever sent something this version does not know, too. */
const LEGITIMATE: readonly (readonly [Dialect, string, Answer, string])[] = [
  ["chat", "the limit of tokens", chat({ content: "" }, "length"), "OUTPUT_EMPTY"],
  ["chat", "a content filter", chat({ content: "" }, "content_filter"), "OUTPUT_EMPTY"],
  [
    "resp",
    "the limit of tokens",
    resp([], { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }),
    "OUTPUT_EMPTY",
  ],
  ["ant", "a stop sequence", ant("stop_sequence"), "OUTPUT_EMPTY"],
  ["ant", "a refusal", ant("refusal"), "OUTPUT_EMPTY"],
  ["ant", "a pause", ant("pause_turn"), "OUTPUT_EMPTY"],
  ["ant", "the limit of tokens", ant("max_tokens"), "OUTPUT_EMPTY"],
  ["chat", "reasoning alone", chat({ content: "", reasoning_content: "hm" }), ""],
  [
    "chat",
    "an audio answer",
    chat({ content: null, audio: { id: "a1", transcript: "hello" } }),
    "",
  ],
  [
    "resp",
    "an item for the caller",
    resp([{ type: "mcp_approval_request", id: "a1", name: "f" }]),
    "",
  ],
];

const CALL: NonNullable<Spec["messages"]> = [
  { role: 2, parts: [{ data: { case: "text", value: { text: "q" } } }] },
  {
    role: 3,
    parts: [{ data: { case: "toolCall", value: { id: "c1", name: "f", argumentsJson: "{}" } } }],
  },
  {
    role: 4,
    parts: [
      {
        data: {
          case: "toolResult",
          value: { toolCallId: "c1", content: [{ data: { case: "text", value: { text: "r" } } }] },
        },
      },
    ],
  },
] as never;

/** Requests that allow a model to say nothing. */
const ALLOWING: readonly (readonly [string, Dialect, Spec])[] = [
  [
    "a stop sequence of the request",
    "chat",
    { prompt: "hi", sampling: { stopSequences: ["END"] } } as Spec,
  ],
  ["one token", "chat", { prompt: "hi", sampling: { maxOutputTokens: 1 } } as Spec],
  ["a tool's result, Chat", "chat", { messages: CALL } as Spec],
  ["a tool's result, Messages", "ant", { messages: CALL } as Spec],
];

async function call(mode: Mode, dialect: Dialect, answer: Answer, spec: Spec = { prompt: "hi" }) {
  await stack.script({ [dialect]: answer, two: serves });
  const routing = { fallbacks: [{ model: "q" }] };
  return stack.call(mode, { ...spec, model: `m-${dialect}`, routing } as Spec);
}

describe.each(MODES)("%s", (mode) => {
  it.each(EMPTY)(
    "field:E18 %s: %s is no answer, and the fallback gives one",
    async (dialect, _name, answer) => {
      const end = await call(mode, dialect, answer);
      expect(end.generation?.outputText).toBe("ok");
      const failed = `${dialect}/m-${dialect} FAILED TRUNCATED`;
      expect(end.attempts).toEqual([failed, failed, "two/q SUCCEEDED"]);
      expect(stack.requests(dialect)).toBe(2);
    },
  );

  it("field:E18 without another target it is asked for once more, and then is the answer", async () => {
    await stack.script({ chat: chat({ content: "" }) });
    const end = await stack.call(mode, { model: "m-chat", prompt: "hi" } as Spec);
    expect(end.attempts).toEqual(["chat/m-chat FAILED TRUNCATED", "chat/m-chat SUCCEEDED"]);
    expect(end.warnings).toContain("OUTPUT_EMPTY");
    expect(end.generation?.totalUsage?.outputTokens).toBe(10);
    expect(stack.requests("chat")).toBe(2);
  });

  it("field:E18 if all targets say nothing, that is the answer", async () => {
    await stack.script({ chat: chat({ content: "" }), two: chat({ content: "" }) });
    const routing = { fallbacks: [{ model: "q" }] };
    const end = await stack.call(mode, { model: "m-chat", prompt: "hi", routing } as Spec);
    expect(end.attempts.at(-1)).toBe("two/q SUCCEEDED");
    expect(end.warnings).toContain("OUTPUT_EMPTY");
  });

  it("field:E18 a call that allows one attempt gets what came", async () => {
    await stack.script({ chat: chat({ content: "" }) });
    const retry = { maxAttempts: 1 };
    const end = await stack.call(mode, { model: "m-chat", prompt: "hi", retry } as Spec);
    expect(end.attempts).toEqual(["chat/m-chat SUCCEEDED"]);
    expect(end.warnings).toContain("OUTPUT_EMPTY");
  });

  it.each(LEGITIMATE)("field:E18 %s: %s is an answer", async (dialect, _name, answer, warning) => {
    const end = await call(mode, dialect, answer);
    expect(end.attempts).toEqual([`${dialect}/m-${dialect} SUCCEEDED`]);
    expect(end.warnings).toEqual(warning === "" ? [] : [warning]);
  });

  it.each(ALLOWING)(
    "field:E18 %s lets an answer be empty, with a warning",
    async (_name, dialect, spec) => {
      const end = await call(
        mode,
        dialect,
        dialect === "ant" ? ant() : chat({ content: "" }),
        spec,
      );
      expect(end.attempts).toEqual([`${dialect}/m-${dialect} SUCCEEDED`]);
      expect(end.warnings).toContain("OUTPUT_EMPTY");
    },
  );

  it("a whole answer with an empty delta beside its message is read by its message", async () => {
    await stack.script({
      chat: ({ stream }) =>
        stream === true
          ? chatStream({ content: "Hello there" })
          : {
              body: {
                id: "c1",
                object: "chat.completion",
                model: "sonar",
                choices: [
                  {
                    index: 0,
                    finish_reason: "stop",
                    delta: { role: "assistant", content: "" },
                    message: { role: "assistant", content: "Hello there" },
                  },
                ],
                usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
              },
            },
    });
    const end = await stack.call(mode, { model: "m-chat", prompt: "hi" } as Spec);
    expect(end.generation?.outputText).toBe("Hello there");
  });
});
