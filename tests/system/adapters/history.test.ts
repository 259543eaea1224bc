import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdapterStack, type Server, startAdapterStack } from "../../support/adapter-stack.ts";
import type { Mode } from "../../support/conformance/faults.ts";
import { MODES } from "../../support/conformance/suite.ts";
import {
  assistant,
  reasoningOf,
  type TestMessage,
  toolCall,
  toolF,
  toolMessage,
  toolResult,
  user,
  words,
} from "../../support/conversation.ts";
import { OK_ANSWERS } from "../../support/ok-answers.ts";
import { chatStream, chatWhole } from "../../support/wire-answers.ts";

// What comes back in the next turn reaches a server in the form that it takes.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack(
    "  - {id: thinker, provider: chat, wire: {reasoning_field: reasoning_content}}\n" +
      "  - {id: other-thinker, provider: chat, wire: {reasoning_field: reasoning}}\n",
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

type Sent = Readonly<Record<string, unknown>>;

const sentIn =
  (mode: Mode) =>
  async (server: Server, messages: readonly TestMessage[], more: object = {}) => {
    const spec = { messages, tools: [toolF()], ...more };
    const end = await stack.call(mode, server, OK_ANSWERS[server], spec);
    return {
      end,
      body: stack.sent(server) as unknown as { messages: readonly Sent[]; input: readonly Sent[] },
    };
  };

const turn = (...middle: readonly TestMessage[]) => [user(words("q")), ...middle];

describe.each(MODES)("%s: Chat", (mode) => {
  const sent = sentIn(mode);
  it("field:A53 a turn of calls has an empty text", async () => {
    const messages = turn(assistant(toolCall("c")), toolMessage(toolResult("c")));
    const { body } = await sent("chat", messages);
    expect(body.messages[1]).toMatchObject({ role: "assistant", content: "" });
    const spoken = turn(assistant(words("Look."), toolCall("c")), toolMessage(toolResult("c")));
    expect((await sent("chat", spoken)).body.messages[1]).toMatchObject({ content: "Look." });
  });

  const roles = (all: readonly Sent[]) =>
    all.map(({ role, tool_call_id: id }) => (id === undefined ? role : `${role} ${id}`));

  it.each([
    [
      "field:A55 a word of the user between two results",
      turn(
        assistant(toolCall("c1"), toolCall("c2")),
        toolMessage(toolResult("c1")),
        user(words("note")),
        toolMessage(toolResult("c2")),
      ),
      ["user", "assistant", "tool c1", "tool c2", "user"],
    ],
    [
      "field:A55 a word before the results",
      turn(assistant(toolCall("c1")), user(words("note")), toolMessage(toolResult("c1"))),
      ["user", "assistant", "tool c1", "user"],
    ],
    [
      "field:A55 two rounds",
      turn(
        assistant(toolCall("c1")),
        user(words("a")),
        toolMessage(toolResult("c1")),
        assistant(toolCall("c2")),
        user(words("b")),
        toolMessage(toolResult("c2")),
        user(words("c")),
      ),
      ["user", "assistant", "tool c1", "user", "assistant", "tool c2", "user", "user"],
    ],
    [
      "results in order stay there",
      turn(
        assistant(toolCall("c1"), toolCall("c2")),
        toolMessage(toolResult("c2"), toolResult("c1")),
        assistant(words("ok")),
        user(words("note")),
      ),
      ["user", "assistant", "tool c2", "tool c1", "assistant", "user"],
    ],
  ])("%s", async (_name, messages, expected) => {
    expect(roles((await sent("chat", messages)).body.messages)).toEqual(expected);
  });

  it("field:A55 results between words are gathered at Anthropic", async () => {
    const messages = turn(
      assistant(toolCall("c1"), toolCall("c2")),
      toolMessage(toolResult("c1")),
      user(words("note")),
      toolMessage(toolResult("c2")),
    );
    const { body } = await sent("ant", messages);
    const turns = body.messages.map(({ role, content }) => [
      role,
      ...(content as Sent[]).map(
        ({ type, tool_use_id: id, text }) => `${type} ${id ?? text ?? ""}`,
      ),
    ]);
    expect(turns).toEqual([
      ["user", "text q"],
      ["assistant", "tool_use ", "tool_use "],
      ["user", "tool_result c1", "tool_result c2", "text note"],
    ]);
  });

  it("field:A37 thoughts go back to their server under their name", async () => {
    const thought = turn(
      assistant(reasoningOf("chat", "hm"), toolCall("c")),
      toolMessage(toolResult("c")),
    );
    const own = await sent("chat", thought, { model: "thinker" });
    expect(own.body.messages[1]).toMatchObject({ reasoning_content: "hm" });
    const other = await sent("chat", thought, { model: "other-thinker" });
    expect(other.body.messages[1]).toMatchObject({ reasoning: "hm" });
    const none = await sent("chat", thought);
    expect(none.body.messages[1]).not.toHaveProperty("reasoning_content");
    const foreign = turn(
      assistant(reasoningOf("ant", "hm"), toolCall("c")),
      toolMessage(toolResult("c")),
    );
    const { body } = await sent("chat", foreign, { model: "thinker" });
    expect(body.messages[1]).not.toHaveProperty("reasoning_content");
  });

  it("field:A37 a whole round", async () => {
    const call = { index: 0, id: "c", type: "function", function: { name: "f", arguments: "{}" } };
    const message = { content: null, reasoning_content: "hm", tool_calls: [call] };
    const first = await stack.call(
      mode,
      "chat",
      ({ stream }) =>
        stream === true ? chatStream(message, "tool_calls") : chatWhole(message, "tool_calls"),
      { model: "thinker", tools: [toolF()] },
    );
    const said = first.generation?.message;
    const messages = [user(words("hi")), said, toolMessage(toolResult("c"))];
    await sent("chat", messages as never, { model: "thinker" });
    expect((stack.sent("chat") as unknown as { messages: unknown[] }).messages[1]).toEqual({
      role: "assistant",
      content: "",
      reasoning_content: "hm",
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
    });
  });
});

const BROKEN = ['{"a":"trunc', "not JSON", '{"a":1}}', "[1", '"text"', "12"];
const broken = (args: string) => turn(assistant(toolCall("c", args)), toolMessage(toolResult("c")));

describe.each(MODES)("%s: arguments that are no JSON object", (mode) => {
  const sent = sentIn(mode);
  it.each(BROKEN)("field:A40 %s goes back as text", async (args) => {
    const { body } = await sent("chat", broken(args));
    expect(body.messages[1]).toMatchObject({ tool_calls: [{ function: { arguments: args } }] });
    const { body: responses } = await sent("resp", broken(args));
    expect(responses.input[1]).toMatchObject({ type: "function_call", arguments: args });
  });

  it.each(BROKEN)("field:A40 %s cannot go to Anthropic, and says so", async (args) => {
    const { end } = await sent("ant", broken(args));
    expect(end.violations).toEqual(["spec.messages[1].parts[0].tool_call.arguments_json"]);
    expect(stack.field.requests("ant")).toBe(0);
  });

  it("field:A40 a fallback that takes them serves the call", async () => {
    const routing = { fallbacks: [{ model: "m-chat" }] };
    await stack.field.script({ chat: OK_ANSWERS.chat });
    const end = await stack.field.call(mode, {
      model: "claude-haiku-4-5",
      messages: broken('{"a":"trunc'),
      tools: [toolF()],
      routing,
    } as never);
    expect(end.attempts.at(-1)).toBe("chat/m-chat SUCCEEDED");
  });
});

describe.each(MODES)("%s: options that Steer sets itself", (mode) => {
  it.each([
    ["chat", { stream: mode === "unary" }],
    ["chat", { model: "other" }],
    ["chat", { messages: [] }],
    ["resp", { store: true }],
    ["ant", { max_tokens: 5 }],
  ] as const)("field:A54 %s %o is not sent, and a warning says so", async (server, options) => {
    const end = await stack.call(mode, server, OK_ANSWERS[server], {
      providerOptions: { [server]: options },
    });
    const [name] = Object.keys(options);
    expect(end.generation?.warnings.map(({ reason, field }) => [reason, field])).toEqual([
      ["PROVIDER_OPTION_IGNORED", `spec.provider_options.${server}.${name}`],
    ]);
    expect(stack.sent(server)[String(name)]).not.toEqual(Object.values(options)[0]);
  });

  it("field:A54 one that the request sets, and one inside another", async () => {
    const end = await stack.call(mode, "chat", OK_ANSWERS.chat, {
      sampling: { temperature: 0.5 },
      tools: [toolF()],
      toolChoice: { choice: { case: "functionName", value: "f" } },
      providerOptions: { chat: { temperature: 0.7, tool_choice: "none", top_k: 4 } },
    });
    expect(end.generation?.warnings.map(({ field }) => field)).toEqual([
      "spec.provider_options.chat.temperature",
      "spec.provider_options.chat.tool_choice",
    ]);
    expect(stack.sent("chat")).toMatchObject({ temperature: 0.5, top_k: 4 });
  });

  it("field:A54 a field inside an option that the request sets", async () => {
    const end = await stack.call(mode, "resp", OK_ANSWERS.resp, {
      reasoning: { effort: 3 },
      providerOptions: { resp: { reasoning: { effort: "high", context: "x" } } },
    });
    expect(end.generation?.warnings.map(({ reason, field }) => [reason, field])).toEqual([
      ["PROVIDER_OPTION_IGNORED", "spec.provider_options.resp.reasoning"],
    ]);
    expect(stack.sent("resp")["reasoning"]).toEqual({ effort: "low", context: "x" });
  });

  it("says nothing of what is sent, or is the same", async () => {
    const end = await stack.call(mode, "chat", OK_ANSWERS.chat, {
      sampling: { temperature: 0.5 },
      providerOptions: { chat: { temperature: 0.5, top_k: 4, seed: 1 } },
    });
    expect(end.warnings).toEqual([]);
    const nested = await stack.call(mode, "resp", OK_ANSWERS.resp, {
      providerOptions: { resp: { text: { verbosity: "low" }, reasoning: { context: "x" } } },
    });
    expect(nested.warnings).toEqual([]);
    expect(stack.sent("resp")).toMatchObject({ text: { verbosity: "low" } });
  });
});
