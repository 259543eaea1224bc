// The same of Responses.
import fc from "fast-check";
import type OpenAI from "openai";
import {
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
  webUrl,
} from "./arbitrary-fields.ts";

type Responses = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const inputText = open<OpenAI.Responses.ResponseInputText>({
  type: fc.constant("input_text"),
  text,
  prompt_cache_breakpoint: maybe(breakpoint),
});
const inputPart = fc.oneof(
  inputText,
  open<OpenAI.Responses.ResponseInputImage>({
    type: fc.constant("input_image"),
    detail: fc.constantFrom("auto", "low", "high", "original"),
    image_url: url,
    file_id: fc.constant(undefined as never),
    prompt_cache_breakpoint: maybe(breakpoint),
  }),
  fc.oneof(
    open<OpenAI.Responses.ResponseInputFile>({
      type: fc.constant("input_file"),
      file_data: dataUrl,
      filename: text,
    } as never),
    open<OpenAI.Responses.ResponseInputFile>({
      type: fc.constant("input_file"),
      file_url: webUrl,
      filename: maybe(text),
      detail: maybe(fc.constant("low")),
    } as never),
  ),
);
const outputText = fc
  .record({
    type: fc.constant("output_text" as const),
    text,
    annotations: fc.oneof(
      fc.constant([]),
      fc.constant([
        {
          type: "url_citation" as const,
          url: "https://example.com",
          title: "T",
          start_index: 0,
          end_index: 1,
        },
      ]),
    ),
  })
  .map((part) => part as unknown as OpenAI.Responses.ResponseOutputText);
const item = fc.oneof(
  open<OpenAI.Responses.EasyInputMessage>({
    type: fc.constant("message"),
    role: fc.constant("user"),
    content: fc.oneof(text, list(inputPart)),
    phase: fc.constant(undefined as never),
  }),
  open<OpenAI.Responses.EasyInputMessage>({
    type: fc.constant("message"),
    role: fc.constantFrom("system", "developer"),
    content: fc.oneof(text, list(inputText)),
    phase: fc.constant(undefined as never),
  }),
  open<OpenAI.Responses.ResponseOutputMessage>({
    id,
    type: fc.constant("message"),
    role: fc.constant("assistant"),
    status: fc.constant("completed"),
    content: list(outputText),
    phase: maybe(fc.constantFrom("commentary", "final_answer")),
  } as never),
  open<OpenAI.Responses.ResponseFunctionToolCall>({
    type: fc.constant("function_call"),
    id,
    call_id: id,
    name,
    arguments: object.map((value) => JSON.stringify(value)),
    namespace: maybe(text),
    status: fc.constant("completed"),
  } as never),
  open<OpenAI.Responses.ResponseReasoningItem>({
    type: fc.constant("reasoning"),
    id,
    summary: list(text.map((said) => ({ type: "summary_text" as const, text: said }))),
    content: maybe(list(text.map((said) => ({ type: "reasoning_text" as const, text: said })))),
    encrypted_content: text,
    status: fc.constant("completed"),
  } as never),
  open<OpenAI.Responses.ResponseCustomToolCall>({
    type: fc.constant("custom_tool_call"),
    call_id: id,
    name,
    input: text,
  } as never),
  open<OpenAI.Responses.ResponseCustomToolCallOutput>({
    type: fc.constant("custom_tool_call_output"),
    call_id: id,
    output: text,
  } as never),
  open<OpenAI.Responses.ResponseFunctionWebSearch>({
    type: fc.constant("web_search_call"),
    id,
    status: fc.constant("completed"),
    action: fc.constant({ type: "search", query: "q", queries: ["q"] }),
  } as never),
);
/** A call, and its result behind it. */
const round = fc
  .tuple(
    id,
    open<OpenAI.Responses.ResponseInputItem.FunctionCallOutput>({
      type: fc.constant("function_call_output"),
      call_id: id,
      output: fc.oneof(text, list(inputPart)),
      id,
      status: fc.constant("completed"),
    } as never),
  )
  .map(([called, result]) => [
    { type: "function_call", call_id: called, name: "known", arguments: "{}" },
    { ...(result as object), call_id: called },
  ]);
const responsesTool: fc.Arbitrary<OpenAI.Responses.Tool> = fc.oneof(
  open<OpenAI.Responses.FunctionTool>({
    type: fc.constant("function"),
    name,
    description: maybe(text),
    parameters: schema,
    strict: flag,
    allowed_callers: maybe(fc.constant(["direct" as const])),
    async: maybe(flag),
    defer_loading: maybe(flag),
    output_schema: maybe(schema),
  }),
  fc.constant({ type: "web_search" as const }),
  fc.constant({
    type: "namespace",
    name: "files",
    tools: [{ type: "function", name: "read" }],
  } as never),
);

/** Requests of Responses that nothing is stored for. */
export const responsesRequest = open<Responses>({
  model: fc.constant("m"),
  input: fc.oneof(
    text,
    list(
      fc.oneof(
        item.map((each) => [each as object]),
        round,
      ),
    ).map((rounds) => [...rounds.flat(), { type: "message", role: "user", content: "Go on." }]),
  ) as fc.Arbitrary<OpenAI.Responses.ResponseInput>,
  instructions: maybe(text),
  include: maybe(
    fc.constant(["file_search_call.results" as const, "reasoning.encrypted_content" as const]),
  ),
  max_output_tokens: maybe(count),
  max_tool_calls: maybe(count),
  metadata: maybe(metadata),
  parallel_tool_calls: maybe(flag),
  prompt: maybe(fc.constant({ id: "p" })),
  prompt_cache_key: maybe(text),
  prompt_cache_options: maybe(object as fc.Arbitrary<never>),
  prompt_cache_retention: maybe(fc.constant("24h" as const)),
  reasoning: maybe(
    open<OpenAI.Reasoning>({
      effort: maybe(fc.constantFrom("none", "minimal", "low", "medium", "high")),
      summary: maybe(fc.constantFrom("auto", "concise", "detailed")),
    } as never),
  ),
  safety_identifier: maybe(text),
  service_tier: maybe(fc.constantFrom("auto", "flex")),
  store: fc.constant(false),
  stream: fc.constant(false),
  temperature: maybe(number),
  text: maybe(
    open<OpenAI.Responses.ResponseTextConfig>({
      verbosity: maybe(fc.constantFrom("low", "high")),
      format: maybe(
        open<OpenAI.Responses.ResponseFormatTextJSONSchemaConfig>({
          type: fc.constant("json_schema"),
          name,
          schema,
          description: maybe(text),
          strict: maybe(flag),
        }),
      ),
    }),
  ),
  tool_choice: maybe(
    fc.constantFrom<OpenAI.Responses.ToolChoiceFunction | "none" | "required" | never>(
      "none",
      "required",
      { type: "function", name: "known" },
      { type: "web_search" } as never,
    ),
  ),
  tools: fc
    .uniqueArray(responsesTool, { selector: (each) => each.type, maxLength: 3 })
    .map((tools): OpenAI.Responses.Tool[] => [
      {
        type: "function",
        name: "known",
        parameters: { type: "object" },
        strict: true,
      },
      ...tools,
    ]),
  top_logprobs: maybe(fc.integer({ min: 0, max: 20 })),
  top_p: maybe(number),
  truncation: maybe(fc.constantFrom("auto", "disabled")),
} as never);
