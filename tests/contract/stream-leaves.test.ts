// Nothing of a stream is lost in silence: every value of its events is in the result or in the provider's
// metadata, wherever a server adds fields, parts of them or events that nobody knows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { leavesOf, lostOf, READERS, resultOf } from "../support/answer-leaves.ts";

/** What the documentation names as left out: what a piece is, where it belongs, padding. */
const FORM =
  /\/(?:type|index|object|created|obfuscation|sequence_number|item_id|output_index|content_index|summary_index|role|status|usage\/\w+_tokens)$/;
/** Names of items that have a word, and of a response's own pieces. */
const NAMES = /^\/(?:item\/id|response\/output\/\d+\/id)$/;

async function expectAll(dialect: string, stream: readonly JsonObject[]): Promise<void> {
  const reader = READERS[dialect]?.();
  if (reader === undefined) throw new Error(`no reader of ${dialect}`);
  let isDone = false;
  for (const event of stream) {
    const name = typeof event["type"] === "string" ? event["type"] : undefined;
    isDone = reader.readEvent({ name, data: JSON.stringify(event) });
  }
  if (!isDone) reader.readEnd();
  const result = await resultOf(reader.events);
  const said = stream
    .flatMap((event) => leavesOf(event))
    .filter(({ path }) => !FORM.test(path) && !NAMES.test(path));
  expect(lostOf(said, result), JSON.stringify(stream)).toEqual([]);
}

/** Words and numbers that occur nowhere else. */
const value = fc.oneof(
  fc.stringMatching(/^v[a-z]{12,20}$/),
  fc.integer({ min: 1e9, max: Number.MAX_SAFE_INTEGER }),
  fc.array(fc.stringMatching(/^v[a-z]{12,20}$/), { minLength: 1, maxLength: 3 }),
  fc.dictionary(fc.stringMatching(/^k[a-z]{8}$/), fc.stringMatching(/^v[a-z]{12}$/), {
    minKeys: 1,
    maxKeys: 2,
  }),
) as fc.Arbitrary<JsonObject[string]>;

/** Fields that nobody knows, each with a name of its own. */
const extras = fc.infiniteStream(
  fc.tuple(fc.boolean(), value).map(([isThere, own]) => (isThere ? own : undefined)),
);

type More = () => JsonObject;

/** Gives each place of a stream its own fields, or none. */
function source(values: Iterator<JsonObject[string] | undefined>): More {
  let count = 0;
  return () => {
    const { value: own } = values.next();
    count++;
    return own === undefined ? {} : { [`x_${count}_added`]: own };
  };
}

const head = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };

const STREAMS: Readonly<Record<string, (more: More) => readonly JsonObject[]>> = {
  "openai/chat": (more) => {
    const chunk = (delta: JsonObject, own: JsonObject = {}): JsonObject => ({
      ...head,
      ...more(),
      choices: [{ index: 0, delta: { ...delta, ...more() }, ...own, ...more() }],
    });
    return [
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: "thoughts" }),
      chunk({ content: "hello " }),
      chunk({ content: "world" }),
      chunk({
        tool_calls: [
          {
            index: 0,
            id: "call_1",
            type: "function",
            ...more(),
            function: { name: "f", arguments: '{"a"', ...more() },
          },
        ],
      }),
      chunk({ tool_calls: [{ index: 0, ...more(), function: { arguments: ":1}", ...more() } }] }),
      chunk({}, { finish_reason: "tool_calls" }),
      {
        ...head,
        ...more(),
        choices: [],
        usage: {
          prompt_tokens: 11,
          completion_tokens: 12,
          ...more(),
          prompt_tokens_details: { cached_tokens: 1, ...more() },
        },
      },
    ];
  },
  "anthropic/messages": (more) => {
    const piece = (index: number, delta: JsonObject): JsonObject => ({
      type: "content_block_delta",
      index,
      ...more(),
      delta: { ...delta, ...more() },
    });
    const block = (index: number, content_block: JsonObject, ...deltas: JsonObject[]) => [
      {
        type: "content_block_start",
        index,
        ...more(),
        content_block: { ...content_block, ...more() },
      },
      ...deltas.map((delta) => piece(index, delta)),
      { type: "content_block_stop", index, ...more() },
    ];
    return [
      {
        type: "message_start",
        ...more(),
        message: {
          id: "m1",
          model: "claude",
          content: [],
          ...more(),
          usage: { input_tokens: 11, output_tokens: 1, ...more() },
        },
      },
      { type: "ping", ...more() },
      ...block(
        0,
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "thoughts" },
        { type: "signature_delta", signature: "c2ln" },
      ),
      ...block(
        1,
        { type: "text", text: "" },
        { type: "text_delta", text: "hello" },
        { type: "citations_delta", citation: { type: "page", cited_text: "cited", ...more() } },
        { type: "brand_new_delta", ...more() },
      ),
      ...block(2, { type: "brand_new", ...more() }, { type: "brand_new_delta", ...more() }),
      ...block(
        3,
        { type: "tool_use", id: "toolu_1", name: "f", input: {} },
        { type: "input_json_delta", partial_json: '{"a"' },
        { type: "input_json_delta", partial_json: ":1}" },
      ),
      { type: "brand_new_event", ...more() },
      {
        type: "message_delta",
        ...more(),
        delta: { stop_reason: "tool_use", ...more() },
        usage: { output_tokens: 12, ...more() },
      },
      { type: "message_stop", ...more() },
    ];
  },
  "openai/responses": (more) => {
    const message = { type: "message", id: "msg_1", role: "assistant", ...more() };
    const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", ...more() };
    const own = { type: "brand_new", id: "bn_1", ...more() };
    const text = { type: "output_text", text: "hello world", annotations: [], ...more() };
    const at = (type: string, item_id: string, output_index: number, rest: JsonObject) => ({
      type,
      sequence_number: 1,
      item_id,
      output_index,
      ...rest,
      ...more(),
    });
    const response = { id: "resp_1", model: "r", ...more() };
    const whole = [
      { ...message, status: "completed", content: [text] },
      { ...call, status: "completed", arguments: '{"a":1}' },
      { ...own, status: "completed" },
    ];
    return [
      { type: "response.created", response: { ...response, status: "in_progress" }, ...more() },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...message, content: [] },
        ...more(),
      },
      at("response.content_part.added", "msg_1", 0, {
        content_index: 0,
        part: { type: "output_text", text: "", annotations: [] },
      }),
      at("response.output_text.delta", "msg_1", 0, { content_index: 0, delta: "hello " }),
      at("response.output_text.delta", "msg_1", 0, { content_index: 0, delta: "world" }),
      at("response.output_text.done", "msg_1", 0, { content_index: 0, text: "hello world" }),
      at("response.content_part.done", "msg_1", 0, { content_index: 0, part: text }),
      { type: "response.output_item.done", output_index: 0, item: whole[0] ?? {}, ...more() },
      {
        type: "response.output_item.added",
        output_index: 1,
        item: { ...call, arguments: "" },
        ...more(),
      },
      at("response.function_call_arguments.delta", "fc_1", 1, { delta: '{"a":1}' }),
      at("response.function_call_arguments.done", "fc_1", 1, { arguments: '{"a":1}' }),
      { type: "response.output_item.done", output_index: 1, item: whole[1] ?? {}, ...more() },
      { type: "response.output_item.added", output_index: 2, item: own, ...more() },
      at("response.brand_new.delta", "bn_1", 2, {}),
      { type: "response.output_item.done", output_index: 2, item: whole[2] ?? {}, ...more() },
      {
        type: "response.completed",
        ...more(),
        response: {
          ...response,
          status: "completed",
          output: whole,
          ...more(),
          usage: { input_tokens: 11, output_tokens: 12, ...more() },
        },
      },
    ];
  },
};

describe("every value of a stream is in the result", () => {
  it.each(Object.keys(STREAMS))("of %s with fields that nobody knows", async (dialect) => {
    const build = STREAMS[dialect];
    if (build === undefined) throw new Error(`no stream of ${dialect}`);
    await fc.assert(
      fc.asyncProperty(extras, async (values) => {
        await expectAll(dialect, build(source(values[Symbol.iterator]())));
      }),
      { numRuns: 60 },
    );
  });
});
