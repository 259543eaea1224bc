// Requests of Chat Completions with every field that the vendor's types know, and some that nobody knows.
import fc from "fast-check";
import type OpenAI from "openai";
import {
  base64,
  breakpoint,
  count,
  dataUrl,
  flag,
  id,
  list,
  maybe,
  metadata,
  name,
  number,
  object,
  open,
  schema,
  text,
  url,
} from "./arbitrary-fields.ts";

type Chat = OpenAI.ChatCompletionCreateParamsNonStreaming;

const chatText = open<OpenAI.ChatCompletionContentPartText>({
  type: fc.constant("text"),
  text,
  prompt_cache_breakpoint: maybe(breakpoint),
});
const chatPart = fc.oneof(
  chatText,
  open<OpenAI.ChatCompletionContentPartImage>({
    type: fc.constant("image_url"),
    image_url: open<OpenAI.ChatCompletionContentPartImage.ImageURL>({
      url,
      detail: maybe(fc.constantFrom("auto", "low", "high", "original" as "low")),
    }),
    prompt_cache_breakpoint: maybe(breakpoint),
  }),
  open<OpenAI.ChatCompletionContentPartInputAudio>({
    type: fc.constant("input_audio"),
    input_audio: open<OpenAI.ChatCompletionContentPartInputAudio.InputAudio>({
      data: base64,
      format: fc.constantFrom("wav", "mp3"),
    }),
    prompt_cache_breakpoint: maybe(breakpoint),
  }),
  open<OpenAI.ChatCompletionContentPart.File>({
    type: fc.constant("file"),
    file: fc.oneof(
      open<{ file_id: string }>({ file_id: id }),
      open<{ file_data: string; filename: string }>({ file_data: dataUrl, filename: text }),
    ),
    prompt_cache_breakpoint: maybe(breakpoint),
  }),
);
const chatCall: fc.Arbitrary<OpenAI.ChatCompletionMessageToolCall> = fc.oneof(
  open<OpenAI.ChatCompletionMessageFunctionToolCall>({
    id,
    type: fc.constant("function"),
    function: open<{ name: string; arguments: string }>({
      name,
      arguments: object.map((value) => JSON.stringify(value)),
    }),
  }),
  open<OpenAI.ChatCompletionMessageCustomToolCall>({
    id,
    type: fc.constant("custom"),
    custom: open<{ name: string; input: string }>({ name, input: text }),
  }),
);
const chatMessage: fc.Arbitrary<OpenAI.ChatCompletionMessageParam> = fc.oneof(
  open<OpenAI.ChatCompletionSystemMessageParam>({
    role: fc.constant("system"),
    content: fc.oneof(text, list(chatText)),
    name: maybe(name),
  }),
  open<OpenAI.ChatCompletionDeveloperMessageParam>({
    role: fc.constant("developer"),
    content: fc.oneof(text, list(chatText)),
    name: maybe(name),
  }),
  open<OpenAI.ChatCompletionUserMessageParam>({
    role: fc.constant("user"),
    content: fc.oneof(text, list(chatPart)),
    name: maybe(name),
  }),
  open<OpenAI.ChatCompletionAssistantMessageParam & { reasoning_content?: string }>({
    role: fc.constant("assistant"),
    content: fc.oneof(text, list(chatText)),
    name: maybe(name),
    audio: maybe(open<{ id: string }>({ id })),
    refusal: fc.constant(null),
    function_call: maybe(fc.constant(null)),
    tool_calls: maybe(list(chatCall)),
    reasoning_content: maybe(text),
  }),
);
/** A call, and its result behind it. */
const chatRound = fc
  .tuple(
    id,
    open<OpenAI.ChatCompletionToolMessageParam>({
      role: fc.constant("tool"),
      tool_call_id: id,
      content: fc.oneof(text, list(chatText)),
    }),
  )
  .map(([called, result]): OpenAI.ChatCompletionMessageParam[] => [
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: called, type: "function", function: { name: "known", arguments: "{}" } }],
    },
    { ...result, tool_call_id: called },
  ]);
const chatTool: fc.Arbitrary<OpenAI.ChatCompletionTool> = fc.oneof(
  open<OpenAI.ChatCompletionFunctionTool>({
    type: fc.constant("function"),
    function: open<OpenAI.FunctionDefinition>({
      name,
      description: maybe(text),
      parameters: maybe(schema),
      strict: maybe(flag),
    }),
  }),
  open<OpenAI.ChatCompletionCustomTool>({
    type: fc.constant("custom"),
    custom: open<OpenAI.ChatCompletionCustomTool.Custom>({
      name,
      description: maybe(text),
      format: maybe(fc.constant({ type: "text" as const })),
    }),
  }),
);

/** Requests of Chat Completions. Results stand behind the calls of the assistant, as the vendor wants them. */
export const chatRequest = open<Chat>({
  model: fc.constant("m"),
  messages: list(
    fc.oneof(
      chatMessage.map((message) => [message]),
      chatRound,
    ),
  ).map((rounds) => [...rounds.flat(), { role: "user" as const, content: "Go on." }]),
  audio: maybe(fc.constant({ format: "wav" as const, voice: "alloy" })),
  frequency_penalty: maybe(number),
  function_call: fc.constant(undefined as never),
  functions: fc.constant(undefined as never),
  logit_bias: maybe(fc.dictionary(fc.stringMatching(/^\d{1,4}$/), fc.integer({ min: -9, max: 9 }))),
  logprobs: fc.constant(true),
  max_completion_tokens: maybe(count),
  max_tokens: fc.constant(undefined as never),
  metadata: maybe(metadata),
  modalities: maybe(fc.constant(["text" as const])),
  moderation: maybe(object as fc.Arbitrary<never>),
  n: fc.constant(1),
  parallel_tool_calls: maybe(flag),
  prediction: maybe(text.map((content) => ({ type: "content" as const, content }))),
  presence_penalty: maybe(number),
  prompt_cache_key: maybe(text),
  prompt_cache_options: maybe(object as fc.Arbitrary<never>),
  prompt_cache_retention: maybe(fc.constant("24h" as const)),
  reasoning_effort: maybe(fc.constantFrom("none", "minimal", "low", "medium", "high")),
  response_format: maybe(
    fc.oneof(
      fc.constant({ type: "json_object" as const }),
      open<OpenAI.ResponseFormatJSONSchema>({
        type: fc.constant("json_schema"),
        json_schema: open<OpenAI.ResponseFormatJSONSchema["json_schema"]>({
          name,
          description: maybe(text),
          schema,
          strict: maybe(flag),
        }),
      }),
    ),
  ),
  safety_identifier: maybe(text),
  seed: maybe(count),
  service_tier: maybe(fc.constantFrom("auto", "flex")),
  stop: maybe(fc.oneof(text, list(text))),
  store: maybe(flag),
  stream: fc.constant(false),
  stream_options: fc.constant(undefined as never),
  temperature: maybe(number),
  tool_choice: maybe(
    fc.constantFrom<OpenAI.ChatCompletionToolChoiceOption>(
      "none",
      "required",
      { type: "function", function: { name: "known" } },
      { type: "custom", custom: { name: "other" } },
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function" }] } },
    ),
  ),
  tools: fc
    .uniqueArray(chatTool, { selector: (tool) => JSON.stringify(tool), maxLength: 2 })
    .map((tools) => [
      ...tools.filter((tool) => tool.type === "custom"),
      { type: "function" as const, function: { name: "known", parameters: { type: "object" } } },
      ...tools.filter((tool) => tool.type === "function").slice(0, 1),
    ]),
  top_logprobs: maybe(fc.integer({ min: 0, max: 20 })),
  top_p: maybe(number),
  user: fc.constant(undefined as never),
  verbosity: maybe(fc.constant("low" as const)),
  web_search_options: maybe(fc.constant({ search_context_size: "low" as const })),
});
