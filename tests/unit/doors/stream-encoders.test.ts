// A streamed answer, put together as clients do, is the whole answer, wherever its deltas are cut.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Generation, StoredEvent, StreamEventBody } from "../../../src/domain/generation.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import * as messages from "../../../src/doors/anthropic-messages/encode-answer.ts";
import { MessagesStreamEncoder } from "../../../src/doors/anthropic-messages/messages-stream-encoder.ts";
import { ChatStreamEncoder } from "../../../src/doors/openai-chat/chat-stream-encoder.ts";
import * as chat from "../../../src/doors/openai-chat/encode-answer.ts";
import * as responses from "../../../src/doors/openai-responses/encode-answer.ts";
import { ResponsesStreamEncoder } from "../../../src/doors/openai-responses/responses-stream-encoder.ts";
import type { StreamEncoder } from "../../../src/doors/shared/stream-encoder.ts";
import { answer, eventsOf, generationOf } from "../../support/logged-answers.ts";

/** Data of the events that have any. */
function dataOf(sse: string): JsonObject[] {
  return sse.split("\n").flatMap((line) => {
    const data = line.startsWith("data: ") ? line.slice("data: ".length) : undefined;
    return data === undefined || data === "[DONE]" ? [] : [JSON.parse(data) as JsonObject];
  });
}

function streamed(encoder: StreamEncoder, events: readonly StoredEvent[]): JsonObject[] {
  return dataOf(events.map((event) => encoder.encode(event)).join(""));
}

// biome-ignore lint/suspicious/noExplicitAny: the chunks are of the wire.
type Wire = any;

function assembledChat(chunks: readonly Wire[]) {
  const message: Wire = {
    role: "",
    content: "",
    refusal: "",
    tool_calls: [],
    reasoning_content: "",
  };
  let finish: unknown;
  let usage: unknown;
  for (const chunk of chunks) {
    usage ??= chunk.usage;
    const [choice] = chunk.choices;
    if (choice === undefined) continue;
    finish ??= choice.finish_reason ?? undefined;
    const { delta } = choice;
    message.role ||= delta.role ?? "";
    message.content += delta.content ?? "";
    message.refusal += delta.refusal ?? "";
    message.reasoning_content += delta.reasoning_content ?? "";
    for (const call of delta.tool_calls ?? []) {
      message.tool_calls[call.index] ??= { id: call.id, name: call.function.name, arguments: "" };
      message.tool_calls[call.index].arguments += call.function.arguments;
    }
  }
  return { message, finish, usage };
}

function assembledMessages(events: readonly Wire[]) {
  const content: Wire[] = [];
  let end: Wire = {};
  for (const event of events) {
    if (event.type === "content_block_start")
      content[event.index] = { ...event.content_block, json: "" };
    const block = content[event.index];
    if (event.type === "content_block_delta") {
      const { delta } = event;
      if (delta.type === "text_delta") block.text += delta.text;
      if (delta.type === "thinking_delta") block.thinking += delta.thinking;
      if (delta.type === "signature_delta") block.signature = delta.signature;
      if (delta.type === "input_json_delta") block.json += delta.partial_json;
    }
    if (event.type === "message_delta") end = event;
  }
  const blocks = content.map(({ json, ...block }) =>
    block.type === "tool_use" ? { ...block, input: JSON.parse(json || "{}") } : block,
  );
  return { content: blocks, ...end.delta, usage: end.usage };
}

const forAll = (check: (generation: Generation, step: number) => void): void =>
  fc.assert(
    fc.property(answer, ({ parts, finishReason, step }) => {
      check(generationOf(parts, finishReason), step);
    }),
  );

describe("a stream is its answer", () => {
  it("in Chat Completions", () => {
    forAll((generation, step) => {
      const { message, finish, usage } = assembledChat(
        streamed(new ChatStreamEncoder(), eventsOf(generation, step)),
      );
      const whole: Wire = chat.encodeAnswer(generation);
      const [choice] = whole.choices;
      expect([finish, usage]).toEqual([choice.finish_reason, whole.usage]);
      expect(message.role).toBe("assistant");
      expect(message.content).toBe(choice.message.content ?? "");
      expect(message.refusal).toBe(choice.message.refusal ?? "");
      expect(message.reasoning_content).toBe(choice.message.reasoning_content ?? "");
      expect(message.tool_calls).toEqual(
        (choice.message.tool_calls ?? []).map(({ id, function: called }: Wire) => ({
          id,
          ...called,
        })),
      );
    });
  });

  it("in Messages", () => {
    forAll((generation, step) => {
      const events = streamed(new MessagesStreamEncoder("req_1"), eventsOf(generation, step));
      const { content, stop_reason, usage } = assembledMessages(events);
      const whole: Wire = messages.encodeAnswer(generation);
      expect({ content, stop_reason, usage }).toEqual({
        content: whole.content,
        stop_reason: whole.stop_reason,
        usage: whole.usage,
      });
      const types = events.map(({ type }) => type);
      expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);
    });
  });

  it("in Responses, with dense numbers, from any number on", () => {
    forAll((generation, step) => {
      const events = eventsOf(generation, step);
      const encoder = new ResponsesStreamEncoder();
      const all = streamed(encoder, events);
      expect(encoder.response).toEqual(responses.encodeAnswer(generation));
      expect(all.map(({ sequence_number }) => sequence_number)).toEqual(
        all.map((_, index) => index),
      );
      expect(all.at(-1)?.["response"]).toEqual(encoder.response);
      const from = all.length >> 1;
      expect(streamed(new ResponsesStreamEncoder(from), events)).toEqual(all.slice(from));
    });
  });
});

it("texts of a message that are open at the same time keep their places in Responses", () => {
  const text = (partIndex: number, said: string) =>
    ({ type: "text-delta", partIndex, text: said }) as const;
  const end = (partIndex: number) => ({ type: "part-end", partIndex }) as const;
  const bodies = [text(0, "a"), text(1, "b"), text(0, "A"), end(0), text(1, "B"), end(1)];
  const [start, ...rest] = eventsOf(generationOf([], "stop"), 1);
  const parts = bodies.map((body) => ({ sequence: 2, writer: 3, attemptIndex: 1, body }));
  const encoder = new ResponsesStreamEncoder();
  const events = streamed(encoder, [...(start === undefined ? [] : [start]), ...parts, ...rest]);
  const deltas = events.filter(({ type }) => type === "response.output_text.delta");
  expect(deltas.map(({ content_index, delta }) => [content_index, delta])).toEqual([
    [0, "a"],
    [1, "b"],
    [0, "A"],
    [1, "B"],
  ]);
  expect(encoder.response["output"]).toMatchObject([
    { content: [{ text: "aA" }, { text: "bB" }], status: "completed" },
  ]);
});

describe("a stream that voids its output", () => {
  const notice = {
    type: "attempt-notice",
    notice: { discardOutput: true } as never,
  } as const;
  const event = (sequence: number, body: StreamEventBody): StoredEvent => ({
    sequence,
    writer: 1,
    attemptIndex: 1,
    body,
  });

  it.each([
    ["Chat", () => new ChatStreamEncoder()],
    ["Messages", () => new MessagesStreamEncoder("req_1")],
    ["Responses", () => new ResponsesStreamEncoder()],
  ])("ends with an error in %s after output, and goes on before", (_name, create) => {
    const encoder = create();
    expect(encoder.encode(event(1, notice))).toBe("");
    encoder.encode(event(2, { type: "text-delta", partIndex: 0, text: "a" }));
    expect(() => encoder.encode(event(3, notice))).toThrow(GatewayError);
    const end = encoder.fail(new GatewayError("server-error", "gone"));
    expect(end).toContain("gone");
    expect(end).not.toMatch(/\[DONE\]|response\.completed|message_stop/);
  });
});
