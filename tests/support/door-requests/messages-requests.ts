// The same of Messages.
import type Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import {
  base64,
  count,
  flag,
  id,
  list,
  maybe,
  name,
  number,
  object,
  open,
  schema,
  text,
  webUrl,
} from "./arbitrary-fields.ts";

type Messages = Anthropic.MessageCreateParamsNonStreaming;

const mark = open<Anthropic.CacheControlEphemeral>({
  type: fc.constant("ephemeral"),
  ttl: maybe(fc.constant("1h")),
});
const block = open<Anthropic.TextBlockParam>({
  type: fc.constant("text"),
  text,
  cache_control: fc.constant(undefined as never),
  citations: maybe(
    fc.constant([
      {
        type: "char_location" as const,
        cited_text: "c",
        document_index: 0,
        document_title: null,
        start_char_index: 0,
        end_char_index: 1,
      },
    ]),
  ),
});
const markedBlock = fc
  .tuple(block, mark)
  .map(([own, cache_control]): Anthropic.TextBlockParam => ({ ...own, cache_control }));
const image = open<Anthropic.ImageBlockParam>({
  type: fc.constant("image"),
  source: fc.oneof(
    open<Anthropic.Base64ImageSource>({
      type: fc.constant("base64"),
      media_type: fc.constant("image/png"),
      data: base64,
    }),
    open<Anthropic.URLImageSource>({ type: fc.constant("url"), url: webUrl }),
    open<Anthropic.FileImageSource>({ type: fc.constant("file"), file_id: id }),
  ),
  cache_control: fc.constant(undefined as never),
  transformations: maybe(object as fc.Arbitrary<never>),
});
const document = open<Anthropic.DocumentBlockParam>({
  type: fc.constant("document"),
  source: fc.oneof(
    open<Anthropic.Base64PDFSource>({
      type: fc.constant("base64"),
      media_type: fc.constant("application/pdf"),
      data: base64,
    }),
    open<Anthropic.PlainTextSource>({
      type: fc.constant("text"),
      media_type: fc.constant("text/plain"),
      data: text,
    }),
    open<Anthropic.ContentBlockSource>({ type: fc.constant("content"), content: text }),
    open<Anthropic.URLPDFSource>({ type: fc.constant("url"), url: webUrl }),
  ),
  cache_control: fc.constant(undefined as never),
  citations: maybe(flag.map((enabled) => ({ enabled }))),
  context: maybe(text),
  title: maybe(text),
});
const other = open<Anthropic.SearchResultBlockParam>({
  type: fc.constant("search_result"),
  source: webUrl,
  title: text,
  content: list(block),
  cache_control: fc.constant(undefined as never),
  citations: maybe(flag.map((enabled) => ({ enabled }))),
});
const result = open<Anthropic.ToolResultBlockParam>({
  type: fc.constant("tool_result"),
  tool_use_id: id,
  content: maybe(fc.oneof(text, list(fc.oneof(block, image, document, other)))),
  is_error: maybe(fc.constant(true)),
  cache_control: fc.constant(undefined as never),
  toolset_name: maybe(text),
});
const answered = fc.oneof(
  block,
  open<Anthropic.ToolUseBlockParam>({
    type: fc.constant("tool_use"),
    id,
    name,
    input: object,
    cache_control: fc.constant(undefined as never),
    caller: maybe(fc.constant({ type: "direct" as const })),
    toolset_name: maybe(text),
  }),
  open<Anthropic.ThinkingBlockParam>({
    type: fc.constant("thinking"),
    thinking: text,
    signature: text,
  }),
  open<Anthropic.RedactedThinkingBlockParam>({
    type: fc.constant("redacted_thinking"),
    data: text,
  }),
  open<Anthropic.ServerToolUseBlockParam>({
    type: fc.constant("server_tool_use"),
    id,
    name: fc.constant("web_search"),
    input: object,
    cache_control: fc.constant(undefined as never),
    caller: fc.constant(undefined as never),
  }),
);
const turn: fc.Arbitrary<Anthropic.MessageParam> = fc.oneof(
  open<Anthropic.MessageParam>({
    role: fc.constant("user"),
    content: fc.oneof(text, list(fc.oneof(block, image, document, other))),
  }),
  open<Anthropic.MessageParam>({
    role: fc.constant("assistant"),
    content: fc.oneof(text, list(answered)),
  }),
  open<Anthropic.MessageParam>({
    role: fc.constant("system" as "user"),
    content: fc.oneof(text, list(block)),
  }),
);
/** A call, and its result behind it with words of the user. */
const round = fc
  .tuple(id, result, fc.array(block, { maxLength: 1 }))
  .map(([called, said, more]): Anthropic.MessageParam[] => [
    { role: "assistant", content: [{ type: "tool_use", id: called, name: "known", input: {} }] },
    { role: "user", content: [{ ...said, tool_use_id: called }, ...more] },
    { role: "assistant", content: "Seen." },
  ]);
const tool: fc.Arbitrary<Anthropic.ToolUnion> = fc.oneof(
  open<Anthropic.Tool>({
    name,
    input_schema: schema,
    allowed_callers: maybe(fc.constant(["direct" as const])),
    cache_control: maybe(mark),
    defer_loading: maybe(flag),
    description: maybe(text),
    eager_input_streaming: maybe(flag),
    input_examples: maybe(list(object)),
    strict: maybe(flag),
    type: fc.constant(undefined as never),
  }),
  fc.constant({ type: "web_search_20250305" as const, name: "web_search" as const, max_uses: 3 }),
);

/** Requests of Messages. Results stand before everything else of a turn, as the vendor wants them. */
export const messagesRequest = open<Messages>({
  model: fc.constant("m"),
  max_tokens: count,
  messages: list(
    fc.oneof(
      turn.map((message) => [message]),
      round,
    ),
  ).map((rounds) => [...rounds.flat(), { role: "user" as const, content: "Go on." }]),
  cache_control: maybe(mark),
  container: maybe(id as fc.Arbitrary<never>),
  diagnostics: maybe(object as fc.Arbitrary<never>),
  inference_geo: maybe(text),
  metadata: maybe(open<Anthropic.Metadata>({ user_id: text })),
  output_config: maybe(
    open<Anthropic.OutputConfig>({
      effort: maybe(fc.constantFrom("low", "medium", "high")),
      format: maybe(open<Anthropic.JSONOutputFormat>({ type: fc.constant("json_schema"), schema })),
    }),
  ),
  service_tier: maybe(fc.constantFrom("auto", "standard_only")),
  speed: maybe(fc.constantFrom("standard", "fast")),
  stop_sequences: maybe(list(text)),
  stream: fc.constant(false),
  system: maybe(fc.oneof(text, list(fc.oneof(block, markedBlock)))),
  temperature: maybe(number) as fc.Arbitrary<never>,
  thinking: maybe(
    fc.oneof(
      open<Anthropic.ThinkingConfigEnabled>({
        type: fc.constant("enabled"),
        budget_tokens: fc.integer({ min: 1_024, max: 4_096 }),
        display: maybe(fc.constantFrom("summarized", "omitted")),
      }),
      open<Anthropic.ThinkingConfigAdaptive>({
        type: fc.constant("adaptive"),
        display: maybe(fc.constantFrom("summarized", "omitted")),
      }),
      open<Anthropic.ThinkingConfigDisabled>({ type: fc.constant("disabled") }),
    ),
  ),
  tool_choice: maybe(
    fc.constantFrom<Anthropic.ToolChoice>(
      { type: "any" },
      { type: "none" },
      { type: "auto", disable_parallel_tool_use: true },
      { type: "tool", name: "known", disable_parallel_tool_use: false },
    ),
  ),
  tools: fc
    .uniqueArray(tool, { selector: (each) => JSON.stringify(each).slice(0, 40), maxLength: 2 })
    .map((tools) => [{ name: "known", input_schema: { type: "object" as const } }, ...tools]),
  top_k: maybe(count) as fc.Arbitrary<never>,
  top_p: maybe(number) as fc.Arbitrary<never>,
  user_profile_id: maybe(text),
  workspace_id: maybe(text),
} as never);
