// What servers of Chat Completions add to calls, messages and chunks: into the answer, and back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Role } from "../../../gen/es/steer/v1/content_pb.js";
import { type AdapterStack, either, startAdapterStack } from "../../support/adapter-stack.ts";
import { secondTurn } from "../../support/second-turn.ts";
import {
  chatDeltas,
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
} from "../../support/wire-answers.ts";

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

const MODES = ["unary", "stream"] as const;
const DONE = either(chatWhole({ content: "ok" }), chatStream({ content: "ok" }));
const q = { role: "user", content: "q" };
const goOn = { role: "user", content: "go on" };

const result = {
  role: Role.TOOL,
  parts: [
    {
      data: {
        case: "toolResult" as const,
        value: {
          toolCallId: "call_1",
          content: [{ data: { case: "text" as const, value: { text: "r" } } }],
        },
      },
    },
  ],
};
const sentResult = { role: "tool", tool_call_id: "call_1", content: "r" };

describe.each(MODES)("%s", (mode) => {
  const call = {
    id: "call_1",
    type: "function",
    function: { name: "f", arguments: '{"a":1}' },
    extra_content: { google: { thought_signature: "AbC=" } },
  };

  it.each([
    ["first", 0],
    ["last", 1],
  ])(
    "field:A38 a thought signature in the %s piece stays on its call, and goes back on it",
    async (_name, place) => {
      const plain = { id: "call_2", type: "function", function: { name: "g", arguments: "{}" } };
      const { extra_content, ...bare } = call;
      const first = await stack.call(
        mode,
        "chat",
        either(
          chatWhole({ content: null, tool_calls: [call, plain] }, "tool_calls"),
          chatDeltas(
            [
              { index: 0, ...bare, function: { name: "f", arguments: "" } },
              { index: 0, function: { arguments: '{"a":1}' } },
              { index: 1, ...plain },
            ].map((fragment, index) => ({
              tool_calls: [{ ...fragment, ...(index === place && { extra_content }) }],
            })),
            "tool_calls",
          ),
        ),
      );
      const calls = first.generation?.message?.parts.map(({ data }) =>
        data.case === "toolCall" ? data.value.providerData : undefined,
      );
      expect(calls).toMatchObject([
        { providerType: "openai", api: "chat", json: JSON.stringify({ extra_content }) },
        undefined,
      ]);
      const { end, sent } = await secondTurn(stack, mode, "chat", first, {
        answer: DONE,
        next: [result],
      });
      expect(sent["messages"]).toEqual([
        q,
        { role: "assistant", content: "", tool_calls: [call, plain] },
        sentResult,
      ]);
      expect(end.warnings).toEqual([]);
    },
  );

  it("field:A38 a call with free text goes back as one", async () => {
    const custom = { id: "call_1", type: "custom", custom: { name: "sql", input: "select 1" } };
    const first = await stack.call(
      mode,
      "chat",
      either(
        chatWhole({ content: null, tool_calls: [custom] }, "tool_calls"),
        chatDeltas([{ tool_calls: [{ index: 0, ...custom }] }], "tool_calls"),
      ),
    );
    expect(first.generation?.message?.parts[0]?.data).toMatchObject({
      case: "toolCall",
      value: { name: "sql", argumentsJson: "select 1" },
    });
    const { sent } = await secondTurn(stack, mode, "chat", first, { answer: DONE, next: [result] });
    expect(sent["messages"]).toEqual([
      q,
      { role: "assistant", content: "", tool_calls: [custom] },
      sentResult,
    ]);
  });

  it("field:A38 another type of provider gets the call without the signature, and a warning", async () => {
    const first = await stack.call(
      mode,
      "chat",
      either(
        chatWhole({ content: null, tool_calls: [call] }, "tool_calls"),
        chatStream({ tool_calls: [{ index: 0, ...call }] }, "tool_calls"),
      ),
    );
    const { end, sent } = await secondTurn(stack, mode, "ant", first, {
      answer: either(messagesWhole([{ type: "text", text: "ok" }]), messagesStream("ok")),
      next: [result],
    });
    expect((sent["messages"] as object[])[1]).toEqual({
      role: "assistant",
      content: [{ type: "tool_use", id: "call_1", name: "f", input: { a: 1 } }],
    });
    expect(end.warnings).toEqual(["PROVIDER_DATA_DROPPED"]);
  });

  it("field:A39 details of reasoning go back unchanged", async () => {
    const details = [
      { type: "reasoning.text", text: "hm", signature: "sig", format: "x", index: 0 },
      {
        type: "reasoning.encrypted",
        data: "gAAA",
        id: "rs_1",
        format: "openai-responses-v1",
        index: 1,
      },
    ];
    const plainCall = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
    const first = await stack.call(
      mode,
      "chat",
      either(
        chatWhole(
          { content: null, reasoning: "hm", reasoning_details: details, tool_calls: [plainCall] },
          "tool_calls",
        ),
        chatDeltas(
          [
            {
              reasoning: "h",
              reasoning_details: [{ type: "reasoning.text", text: "h", format: "x", index: 0 }],
            },
            {
              reasoning: "m",
              reasoning_details: [
                { type: "reasoning.text", text: "m", signature: "sig", format: "x", index: 0 },
              ],
            },
            { tool_calls: [{ index: 0, ...plainCall }], reasoning_details: [details[1]] },
          ],
          "tool_calls",
        ),
      ),
    );
    expect(first.generation?.message?.parts.map(({ data }) => data)).toMatchObject([
      { case: "reasoning", value: { text: "hm", provider: "openai" } },
      { case: "toolCall" },
    ]);
    const { sent } = await secondTurn(stack, mode, "chat", first, { answer: DONE, next: [result] });
    expect(sent["messages"]).toEqual([
      q,
      {
        role: "assistant",
        content: "",
        tool_calls: [plainCall],
        reasoning_details: details,
      },
      sentResult,
    ]);
  });

  it("field:A25 what is spoken comes as words and as sound, and goes back by its identifier", async () => {
    const audio = { id: "a1", data: "QUJDREVG", transcript: "Hello in audio", expires_at: 1 };
    const first = await stack.call(
      mode,
      "chat",
      either(
        chatWhole({ content: null, audio }),
        chatDeltas([
          { audio: { id: "a1" } },
          { audio: { transcript: "Hello " } },
          { audio: { data: "QUI=" } },
          { audio: { transcript: "in audio" } },
          { audio: { data: "Q0RFRg==" } },
          { audio: { expires_at: 1 } },
        ]),
      ),
    );
    expect(first.generation?.outputText).toBe("Hello in audio");
    const [text, sound] = first.generation?.message?.parts ?? [];
    expect(text?.data).toMatchObject({ case: "text", value: { text: "Hello in audio" } });
    if (sound?.data.case !== "providerPart") throw new Error("no sound");
    expect(JSON.parse(sound.data.value.json)).toEqual({ type: "audio", audio });
    const { sent } = await secondTurn(stack, mode, "chat", first, { answer: DONE });
    expect(sent["messages"]).toEqual([
      q,
      { role: "assistant", content: "Hello in audio", audio: { id: "a1" } },
      goOn,
    ]);
  });
});
