import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AdapterStack,
  either,
  type Server,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { assistant, reasoningOf, user, words } from "../../support/conversation.ts";
import type { Answer } from "../../support/field-stack.ts";
import { secondTurn } from "../../support/second-turn.ts";
import {
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
  responsesStream,
  responsesWhole,
} from "../../support/wire-answers.ts";

// What an answer has brought and its target does not take back is told.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack(
    "  - {id: thinker, provider: chat, wire: {reasoning_field: reasoning}}\n",
  );
});

afterAll(() => stack?.[Symbol.asyncDispose]());

const chat = either(chatWhole({ content: "ok" }), chatStream({ content: "ok" }));
const item = { type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] };
const ANSWERS: Readonly<Record<Server, Answer>> = {
  chat,
  oai: chat,
  resp: either(responsesWhole([item]), responsesStream([item])),
  ant: either(messagesWhole([{ type: "text", text: "ok" }]), messagesStream("ok")),
};

const turn = (provider: string, text = "hm") => [
  user(words("q")),
  assistant(reasoningOf(provider, text), words("a")),
  user(words("go on")),
];

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["its own, without a field for them", "chat", "chat", undefined],
    ["its own, by the type", "chat", "openai", undefined],
    ["another vendor's", "chat", "ant", undefined],
    ["another vendor's, beside a field for its own", "chat", "ant", "thinker"],
    ["its own, at OpenAI's Chat", "oai", "oai", undefined],
    ["its own without a signature, in Responses", "resp", "openai", undefined],
    ["its own without a signature, in Messages", "ant", "anthropic", undefined],
  ] as const)("thoughts are told to be left out: %s", async (_name, server, owner, model) => {
    const spec = { messages: turn(owner), ...(model && { model }) };
    const end = await stack.call(mode, server, ANSWERS[server], spec);
    expect(end.generation?.outputText).toBe("ok");
    expect(end.warnings).toEqual(["REASONING_DROPPED"]);
    expect(end.generation?.warnings[0]?.field).toBe("messages[1].parts[0].reasoning");
    expect(JSON.stringify(stack.sent(server))).not.toContain("hm");
  });

  it("thoughts that go back are told of no more than others", async () => {
    const end = await stack.call(mode, "chat", chat, { messages: turn("chat"), model: "thinker" });
    expect(end.warnings).toEqual([]);
    expect(JSON.stringify(stack.sent("chat"))).toContain('"reasoning":"hm"');
  });

  it("thoughts without a word are nothing to tell of", async () => {
    const end = await stack.call(mode, "chat", chat, { messages: turn("chat", "") });
    expect(end.warnings).toEqual([]);
  });

  it("a target that would be rejected for parameters takes a request without its thoughts", async () => {
    const routing = { unsupportedParameters: 2 };
    const end = await stack.call(mode, "chat", chat, { messages: turn("chat"), routing });
    expect(end.warnings).toEqual(["REASONING_DROPPED"]);
  });

  it("sources of a Chat answer are told to be left out of the next request", async () => {
    const citation = { url: "https://example.com", title: "T", start_index: 0, end_index: 3 };
    const message = {
      content: "See",
      annotations: [{ type: "url_citation", url_citation: citation }],
    };
    const first = await stack.call(mode, "chat", either(chatWhole(message), chatStream(message)));
    expect(first.warnings).toEqual([]);
    const { end, sent } = await secondTurn(stack, mode, "chat", first, { answer: chat });
    expect(end.warnings).toEqual(["PROVIDER_DATA_DROPPED"]);
    expect(end.generation?.warnings[0]?.field).toBe("messages[1].parts[0].text.annotations");
    expect(JSON.stringify(sent)).not.toContain("example.com");
  });
});
