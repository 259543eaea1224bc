// Answers of each type with all additions of its servers, around one call of the tool `f`.
import { either } from "./adapter-stack.ts";
import type { Answer } from "./field-stack.ts";
import { streamedBlocks } from "./streamed-blocks.ts";
import {
  chatStream,
  chatWhole,
  messagesEvents,
  messagesWhole,
  responsesStream,
  responsesWhole,
} from "./wire-answers.ts";

export type Source = "chat" | "resp" | "ant" | "grok";
export const SOURCES = ["chat", "resp", "ant", "grok"] as const;

/** An identifier of Gemini's compatible endpoint and others, which no other vendor accepts. */
const ODD_ID = "functions.f:0/x";

const chatMessage = (call: object, more: object = {}) => ({
  content: "See.",
  reasoning_content: "hm",
  reasoning_details: [
    { type: "reasoning.encrypted", data: "gAAA", id: "rs_1", format: "x", index: 0 },
  ],
  annotations: [
    {
      type: "url_citation",
      url_citation: { url: "https://example.com", title: "T", start_index: 0, end_index: 3 },
    },
  ],
  tool_calls: [{ index: 0, ...call }],
  ...more,
});

function chatAnswer(call: object): Answer {
  const message = chatMessage(call);
  return either(chatWhole(message, "tool_calls"), chatStream(message, "tool_calls"));
}

function responsesAnswer(call: object): Answer {
  const items = [
    {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "hm" }],
      encrypted_content: "gAAA",
    },
    { type: "web_search_call", id: "ws1", status: "completed", action: { type: "search" } },
    {
      type: "message",
      id: "m1",
      role: "assistant",
      status: "completed",
      phase: "commentary",
      content: [
        {
          type: "output_text",
          text: "See.",
          annotations: [
            {
              type: "url_citation",
              url: "https://example.com",
              title: "T",
              start_index: 0,
              end_index: 3,
            },
          ],
        },
      ],
    },
    call,
  ];
  return either(responsesWhole(items), responsesStream(items));
}

function messagesAnswer(call: object): Answer {
  const citation = {
    type: "web_search_result_location",
    url: "https://example.com",
    title: "T",
    encrypted_index: "Eo8B",
    cited_text: "so",
  };
  const blocks = [
    { type: "thinking", thinking: "hm", signature: "c2ln" },
    { type: "redacted_thinking", data: "gAAA" },
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
    { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
    { type: "text", text: "See.", citations: [citation] },
    { type: "tool_use", ...call },
  ];
  return either(
    messagesWhole(blocks, "tool_use"),
    messagesEvents(streamedBlocks(blocks), "tool_use"),
  );
}

/** Additions of each type's servers to an answer, around one call of `f`. */
export const RICH: Readonly<Record<Source, Answer>> = {
  chat: chatAnswer({
    id: ODD_ID,
    type: "function",
    function: { name: "f", arguments: '{"a":1}' },
    extra_content: { google: { thought_signature: "AbC=" } },
  }),
  grok: chatAnswer({
    id: ODD_ID,
    type: "function",
    function: { name: "f", arguments: '{"a":1}' },
    provider_note: "own",
  }),
  resp: responsesAnswer({
    type: "function_call",
    id: "fc_1",
    call_id: ODD_ID,
    name: "f",
    arguments: '{"a":1}',
    namespace: "own",
  }),
  ant: messagesAnswer({
    id: "toolu_1",
    name: "f",
    input: { a: 1 },
    caller: { type: "code", tool_id: "srvtoolu_1" },
  }),
};

/** The same answers with a call whose arguments the token limit has cut. */
export function cut(source: Source): Answer {
  const args = '{"a":"trunc';
  const call = { id: "call_1", type: "function", function: { name: "f", arguments: args } };
  if (source === "resp") {
    return responsesAnswer({
      type: "function_call",
      call_id: "call_1",
      name: "f",
      arguments: args,
    });
  }
  if (source !== "ant") return chatAnswer(call);
  // Only a stream can contain cut arguments: in a whole answer the input is an object.
  const start = { type: "tool_use", id: "toolu_1", name: "f", input: {} };
  const delta = { type: "input_json_delta", partial_json: args };
  const events = messagesEvents(
    [
      { type: "content_block_start", index: 0, content_block: start },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
    ],
    "max_tokens",
  );
  return () => events;
}

export const FREE_TEXT: Readonly<Record<"chat" | "resp", Answer>> = {
  chat: chatAnswer({ id: "call_1", type: "custom", custom: { name: "f", input: "select 1" } }),
  resp: responsesAnswer({
    type: "custom_tool_call",
    id: "ct1",
    call_id: "call_1",
    name: "f",
    input: "select 1",
  }),
};
