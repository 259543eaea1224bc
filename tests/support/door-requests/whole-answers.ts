// Whole answers of the vendors with every field that their types know, and some that nobody knows.
import type Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import type OpenAI from "openai";
import { base64, count, id, list, maybe, name, object, open, text } from "./arbitrary-fields.ts";

const token = open<OpenAI.ChatCompletionTokenLogprob>({
  token: name,
  logprob: fc.double({ min: -9, max: -0.5, noNaN: true }),
  bytes: fc.constant(null),
  top_logprobs: fc.constant([]),
}).map(({ token: said, logprob, top_logprobs }) => ({
  token: said,
  logprob,
  bytes: [...Buffer.from(said)],
  top_logprobs,
}));

const chatMessage = open<OpenAI.ChatCompletionMessage>({
  role: fc.constant("assistant"),
  content: text,
  refusal: fc.constant(null),
  annotations: maybe(
    list(
      open<OpenAI.ChatCompletionMessage.Annotation>({
        type: fc.constant("url_citation"),
        url_citation: fc.record({
          url: fc.constant("https://example.com"),
          title: text,
          start_index: count,
          end_index: count,
        }),
      }),
    ),
  ),
  audio: maybe(
    fc.record({ id, data: base64, expires_at: count, transcript: fc.constant("") }),
  ) as fc.Arbitrary<never>,
  function_call: fc.constant(undefined as never),
  tool_calls: maybe(
    fc.uniqueArray(
      fc.oneof(
        open<OpenAI.ChatCompletionMessageFunctionToolCall>({
          id,
          type: fc.constant("function"),
          function: fc.record({ name, arguments: object.map((value) => JSON.stringify(value)) }),
        }),
        open<OpenAI.ChatCompletionMessageCustomToolCall>({
          id,
          type: fc.constant("custom"),
          custom: fc.record({ name, input: text }),
        }),
      ),
      { selector: (call) => call.id, minLength: 1, maxLength: 3 },
    ),
  ),
});

const chat = open<OpenAI.ChatCompletion>({
  id,
  object: fc.constant("chat.completion"),
  created: count,
  model: name,
  choices: fc
    .tuple(chatMessage, maybe(list(token)))
    .map(([message, content]): OpenAI.ChatCompletion.Choice[] => [
      {
        index: 0,
        message,
        logprobs: content === undefined ? null : { content, refusal: null },
        finish_reason: message.tool_calls === undefined ? "stop" : "tool_calls",
      },
    ]),
  metadata: fc.constant(undefined as never),
  moderation: fc.constant(undefined as never),
  service_tier: maybe(fc.constantFrom("default", "priority")),
  system_fingerprint: maybe(text),
  usage: fc.tuple(count, count, count).map(([input, output, kind]) => ({
    prompt_tokens: input + kind,
    completion_tokens: output + kind,
    total_tokens: input + output + 2 * kind,
    prompt_tokens_details: { cached_tokens: kind },
    completion_tokens_details: { reasoning_tokens: kind, accepted_prediction_tokens: kind },
  })),
});

const messages = open<Anthropic.Message>({
  id,
  type: fc.constant("message"),
  role: fc.constant("assistant"),
  model: name,
  container: maybe(fc.record({ id, expires_at: text })) as fc.Arbitrary<never>,
  diagnostics: fc.constant(null),
  content: list(
    fc.oneof(
      open<Anthropic.TextBlock>({
        type: fc.constant("text"),
        text,
        citations: maybe(
          fc.constant([
            { type: "char_location", cited_text: "c", document_index: 1, end_char_index: 2 },
          ]) as fc.Arbitrary<never>,
        ),
      }),
      open<Anthropic.ThinkingBlock>({
        type: fc.constant("thinking"),
        thinking: text,
        signature: text,
      }),
      open<Anthropic.RedactedThinkingBlock>({
        type: fc.constant("redacted_thinking"),
        data: text,
      }),
      open<Anthropic.ServerToolUseBlock>({
        type: fc.constant("server_tool_use"),
        id,
        name: fc.constant("web_search"),
        input: object,
        caller: fc.constant({ type: "direct" }),
      } as never),
    ),
  ) as fc.Arbitrary<never>,
  stop_reason: fc.constantFrom("end_turn", "max_tokens", "stop_sequence"),
  stop_sequence: maybe(text),
  stop_details: fc.constant(null),
  usage: fc.record({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: fc.constant(7),
    cache_creation: fc.constant({ ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 }),
    service_tier: fc.constant("standard"),
    server_tool_use: maybe(fc.record({ web_search_requests: count })),
    inference_geo: maybe(text),
  }) as fc.Arbitrary<never>,
});

/** Neighbouring messages become one behind the gateway, with the texts of both. */
function apart(items: readonly { readonly type: string }[]) {
  return items.filter(({ type }, index) => type !== "message" || items[index - 1]?.type !== type);
}

/** Behind the gateway, the calls of an answer have different identifiers. */
function named(items: readonly { readonly type: string }[]) {
  return items.map((item, index) =>
    "call_id" in item ? { ...item, call_id: `${item.call_id}_${index}` } : item,
  );
}

/** Some servers give several items one identifier. */
const itemId = fc.oneof(id, fc.constant("item"));

const responses = open<OpenAI.Responses.Response>({
  id,
  object: fc.constant("response"),
  created_at: count,
  status: fc.constant("completed"),
  model: name,
  output: list(
    fc.oneof(
      open<OpenAI.Responses.ResponseOutputMessage>({
        id: itemId,
        type: fc.constant("message"),
        role: fc.constant("assistant"),
        status: fc.constant("completed"),
        phase: maybe(fc.constantFrom("commentary", "final_answer")),
        content: list(
          fc.record({
            type: fc.constant("output_text" as const),
            text,
            annotations: fc.constantFrom([], [{ type: "file_path", file_id: "f", index: 1 }]),
            logprobs: fc.constantFrom(
              [],
              [{ token: "a", logprob: -1.5, bytes: [97], top_logprobs: [] }],
            ),
          }),
        ) as fc.Arbitrary<never>,
      }),
      open<OpenAI.Responses.ResponseFunctionToolCall>({
        type: fc.constant("function_call"),
        id: itemId,
        call_id: id,
        name,
        arguments: object.map((value) => JSON.stringify(value)),
        namespace: maybe(text),
        status: fc.constant("completed"),
      } as never),
      open<OpenAI.Responses.ResponseReasoningItem>({
        type: fc.constant("reasoning"),
        id: itemId,
        summary: list(text.map((said) => ({ type: "summary_text" as const, text: said }))),
        encrypted_content: text,
      } as never),
    ),
  ).map((items) => named(apart(items))) as fc.Arbitrary<never>,
  service_tier: maybe(fc.constantFrom("default", "priority")),
  usage: fc.tuple(count, count).map(([input, output]) => ({
    input_tokens: input + 5,
    output_tokens: output + 5,
    total_tokens: input + output + 10,
    input_tokens_details: { cached_tokens: 5, cache_write_tokens: 2 },
    output_tokens_details: { reasoning_tokens: 5 },
  })) as fc.Arbitrary<never>,
  is_odd: maybe(fc.constant(true)),
} as never);

/** By dialect. */
export const ANSWERS = { chat, messages, responses } as const;
