import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../../gen/es/steer/v1/error_pb.js";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import {
  type AdapterStack,
  either,
  partsOf,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { ONE_ATTEMPT } from "../../support/reset-circuits.ts";
import {
  chatDeltas,
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
  type WireAnswer,
} from "../../support/wire-answers.ts";

// Texts and thoughts of compatible servers, and how their answers end.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function whole(choices: readonly object[]): WireAnswer {
  return { body: { id: "c1", object: "chat.completion", model: "m", choices, usage: USAGE } };
}

/** A chunk for each list of choices, then the usage and the end marker. */
function chunks(...each: readonly (readonly object[])[]): WireAnswer {
  const all = [...each.map((choices) => ({ id: "c1", model: "m", choices }))];
  const lines = [...all, { choices: [], usage: USAGE }].map(
    (one) => `data: ${JSON.stringify(one)}`,
  );
  return { body: `${lines.join("\n\n")}\n\ndata: [DONE]\n\n` };
}

const both = (message: object, reason?: string) =>
  either(chatWhole(message, reason), chatStream(message, reason));

const thinking = (...texts: readonly string[]) => ({
  type: "thinking",
  thinking: texts.map((text) => ({ type: "text", text })),
});
const text = (words: string) => ({ type: "text", text: words });

describe.each(MODES)("%s", (mode) => {
  it("field:A23 message and delta beside each other", async () => {
    const message = { role: "assistant", content: "Hello there" };
    const nothing = { role: "assistant", content: "" };
    const end = { index: 0, finish_reason: "stop" };
    const answers = [
      whole([{ ...end, delta: nothing, message }]),
      whole([{ ...end, delta: message, message: nothing }]),
      whole([{ ...end, delta: message }]),
    ];
    const piece = (content: string, all: string, more: object = {}) => [
      { index: 0, delta: { content }, message: { content: all }, ...more },
    ];
    const streams = [
      // Perplexity repeats all that it has said in `message`.
      chunks(
        piece("Hello", "Hello"),
        piece(" there", "Hello there"),
        piece("", "Hello there", { finish_reason: "stop" }),
      ),
      chunks([{ ...end, delta: {}, message }]),
      chunks([{ ...end, message }]),
    ];
    for (const [index, answer] of answers.entries()) {
      const stream = streams[index] as WireAnswer;
      const got = await stack.call(mode, "chat", either(answer, stream));
      expect(partsOf(got)).toEqual(["text Hello there"]);
      expect(got.generation?.finishReason).toBe(FinishReason.STOP);
    }
  });

  it.each([
    [
      "field:A24 thinking before text",
      [thinking("let me think"), text("4")],
      ["reasoning let me think", "text 4"],
    ],
    [
      "field:A24 thinking in several texts",
      [thinking("let me", " think"), text("4"), text("2")],
      ["reasoning let me think", "text 42"],
    ],
    [
      "field:A24 thinking between texts",
      [text("a"), thinking("hm"), text("b")],
      ["text a", "reasoning hm", "text b"],
    ],
    [
      "field:A24 thinking as a string",
      [{ type: "thinking", thinking: "hm" }, text("4")],
      ["reasoning hm", "text 4"],
    ],
    ["texts alone", [text("a"), text("b")], ["text ab"]],
    ["strings among texts", ["a", text("b")], ["text ab"]],
    ["one text without a list around it", text("a"), ["text a"]],
    ["one thought without a list around it", thinking("hm"), ["reasoning hm"]],
    ["a refusal among texts", [{ type: "refusal", refusal: "no" }], ["refusal no"]],
  ])("%s", async (_name, content, parts) => {
    const end = await stack.call(mode, "chat", both({ content }));
    expect(partsOf(end)).toEqual(parts);
  });

  it("field:A24 thinking in many deltas", async () => {
    const deltas = [
      { content: [thinking("let ")] },
      { content: [thinking("me")] },
      { content: [text("4")] },
      { content: "2" },
    ];
    const message = { content: [thinking("let me"), text("42")] };
    const end = await stack.call(mode, "chat", either(chatWhole(message), chatDeltas(deltas)));
    expect(partsOf(end)).toEqual(["reasoning let me", "text 42"]);
  });

  it.each([
    ["field:A26, field:M14 with indexes", [0, 1]],
    ["field:A26 without indexes", [undefined, undefined]],
  ])("a second choice is told of: %s", async (_name, indexes) => {
    const choices = ["one", "two"].map((content, position) => ({
      ...(indexes[position] !== undefined && { index: indexes[position] }),
      message: { role: "assistant", content },
      finish_reason: "stop",
    }));
    const deltas = choices.map(({ message, ...rest }) => ({ ...rest, delta: message }));
    const end = await stack.call(mode, "chat", either(whole(choices), chunks(deltas)));
    expect(partsOf(end)).toEqual(["text one"]);
    expect(end.warnings).toEqual(["CHOICES_DROPPED"]);
    const lone = await stack.call(mode, "chat", both({ content: "one" }));
    expect(lone.warnings).toEqual([]);
  });

  it.each([
    ["field:A29", "model_length", FinishReason.CONTEXT_LENGTH],
    ["Z.ai", "model_context_window_exceeded", FinishReason.CONTEXT_LENGTH],
    ["Text Generation Inference", "eos_token", FinishReason.STOP],
    ["the same", "stop_sequence", FinishReason.STOP_SEQUENCE],
    ["Together", "eos", FinishReason.STOP],
    ["Anthropic behind a translation", "end_turn", FinishReason.STOP],
    ["the same", "max_tokens", FinishReason.MAX_TOKENS],
    ["watsonx", "token_limit", FinishReason.MAX_TOKENS],
    ["Cohere", "COMPLETE", FinishReason.STOP],
    ["Vertex", "STOP", FinishReason.STOP],
    ["Vertex", "MAX_TOKENS", FinishReason.MAX_TOKENS],
    ["Vertex", "SAFETY", FinishReason.CONTENT_FILTER],
    ["Vertex", "RECITATION", FinishReason.CONTENT_FILTER],
    ["Zhipu", "sensitive", FinishReason.CONTENT_FILTER],
    ["nobody", "something_new", FinishReason.OTHER],
    ["nobody", "constructor", FinishReason.OTHER],
  ])("%s: %s", async (_name, word, reason) => {
    const end = await stack.call(mode, "chat", both({ content: "4" }, word));
    expect(partsOf(end)).toEqual(["text 4"]);
    expect(end.generation?.finishReason).toBe(reason);
    expect(end.generation?.providerFinishReason).toBe(word);
  });

  it("words of other vendors at a server that speaks Messages", async () => {
    for (const [word, reason] of [
      ["stop", FinishReason.STOP],
      ["length", FinishReason.MAX_TOKENS],
      ["sensitive", FinishReason.CONTENT_FILTER],
    ] as const) {
      const block = { type: "text", text: "4" };
      const answer = either(messagesWhole([block], word), messagesStream("4", word));
      const end = await stack.call(mode, "ant", answer);
      expect(end.generation?.finishReason).toBe(reason);
    }
  });

  const { OVERLOADED, TRUNCATED, SERVER_ERROR } = {
    OVERLOADED: ErrorCategory.PROVIDER_OVERLOADED,
    TRUNCATED: ErrorCategory.TRUNCATED,
    SERVER_ERROR: ErrorCategory.SERVER_ERROR,
  };

  it.each([
    ["field:A28", "insufficient_system_resource", OVERLOADED],
    ["vLLM", "abort", TRUNCATED],
    ["watsonx", "not_finished", TRUNCATED],
    ["watsonx", "time_limit", TRUNCATED],
    ["Zhipu", "network_error", TRUNCATED],
    ["Vertex", "MALFORMED_FUNCTION_CALL", SERVER_ERROR],
    ["OpenRouter", "error", SERVER_ERROR],
  ])("an interruption is no success: %s, %s", async (_name, word, category) => {
    const answer = both({ content: "The answer is" }, word);
    const end = await stack.call(mode, "chat", answer, { retry: ONE_ATTEMPT });
    expect(end.error?.category).toBe(category);
    const block = { type: "text", text: "The answer is" };
    const ant = either(messagesWhole([block], word), messagesStream("The answer is", word));
    const messages = await stack.call(mode, "ant", ant, { retry: ONE_ATTEMPT });
    expect(messages.error?.category).toBe(category);
  });

  it("field:A27 an answer with its end marker and without a reason", async () => {
    const stream = (...deltas: readonly object[]) =>
      chunks(...deltas.map((delta) => [{ index: 0, delta, finish_reason: null }]));
    const end = await stack.call(
      mode,
      "chat",
      either(chatWhole({ content: "4" }, ""), stream({ content: "4" })),
    );
    expect(end.attempts).toEqual(["chat/m-chat SUCCEEDED"]);
    expect(partsOf(end)).toEqual(["text 4"]);
    expect(end.generation?.finishReason).toBe(FinishReason.OTHER);
    expect(end.generation?.usage?.outputTokens).toBe(5);
    const call = { index: 0, id: "c", function: { name: "f", arguments: '{"a":1}' } };
    const calls = await stack.call(
      mode,
      "chat",
      either(chatWhole({ tool_calls: [call] }, ""), stream({ tool_calls: [call] })),
    );
    expect(calls.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
  });
});

describe("field:A27 streams that were cut", () => {
  const lines = (...events: readonly unknown[]) => ({
    body: events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""),
  });
  const piece = { choices: [{ index: 0, delta: { content: "The answer" }, finish_reason: null }] };
  const half = { index: 0, id: "c", function: { name: "f", arguments: '{"a":' } };
  const cut = { choices: [{ index: 0, delta: { tool_calls: [half] }, finish_reason: null }] };
  const done = (answer: { readonly body: string }) => ({ body: `${answer.body}data: [DONE]\n\n` });

  it.each([
    ["neither marker nor reason", lines(piece)],
    ["a marker behind nothing", done(lines())],
    ["a marker behind nothing but counts", done(lines({ choices: [], usage: USAGE }))],
    ["a marker without counts", done(lines(piece))],
    [
      "a marker behind half of a call without an identifier",
      done(
        lines(
          { choices: [{ index: 0, delta: { tool_calls: [{ ...half, id: null }] } }] },
          { choices: [], usage: USAGE },
        ),
      ),
    ],
    ["a marker behind half of a call", done(lines(cut, { choices: [], usage: USAGE }))],
  ])("%s", async (_name, answer) => {
    const end = await stack.call("stream", "chat", () => answer, { retry: ONE_ATTEMPT });
    expect(end.error?.category).toBe(ErrorCategory.TRUNCATED);
  });
});

describe("field:A27 whole answers that were cut", () => {
  it.each([
    ["nothing", { content: "" }],
    ["no message", undefined],
    [
      "half of a call",
      { tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: '{"a":' } }] },
    ],
  ])("%s and no reason", async (_name, message) => {
    for (const finish_reason of [null, undefined, ""]) {
      const answer = whole([{ index: 0, message, finish_reason }]);
      const end = await stack.call("unary", "chat", () => answer, { retry: ONE_ATTEMPT });
      expect(end.error?.category).toBe(ErrorCategory.TRUNCATED);
    }
  });
});
