import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import {
  type AdapterStack,
  either,
  partsOf,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import {
  chatDeltas,
  chatStream,
  chatWhole,
  jsonText,
  messagesEvents,
  messagesWhole,
  type NamedEvent,
  namedEvents,
  responsesWhole,
} from "../../support/wire-answers.ts";

// Calls of tools as servers send them: whole, in fragments, and with other identities than OpenAI's.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const fn = (name: string, args?: unknown) => ({
  name,
  ...(args !== undefined && { arguments: args }),
});
const call = (args: unknown, id = "c") => ({
  index: 0,
  id,
  type: "function",
  function: fn("f", args),
});

/** The JSON text of a value with `RAW` in place of a string. */
const withRaw = (value: unknown, raw: string): string =>
  JSON.stringify(value).replaceAll('"RAW"', raw);

describe.each(MODES)("%s", (mode) => {
  const ARGUMENTS = [
    ["an object", '{"city":"Paris"}'],
    ["an integer beyond 2^53", '{"id":2512292042121000001}'],
    ["forms of numbers", '{"a":1.0,"b":1e3,"c":-0}'],
    ["keys like integers, and the same twice", '{"2":1,"1":2,"2":3}'],
    ["blanks, escapes and brackets in strings", '{ "k\\"}]" : ["\\u00e9", "{[", {"x": null}] }'],
    ["an empty object", "{}"],
    ["an array", "[1,[2]]"],
  ] as const;

  it.each(ARGUMENTS)("field:A1, field:A2, field:A5 Chat: arguments as %s", async (_name, raw) => {
    const whole = chatWhole({ content: null, tool_calls: [call("RAW")] }, "tool_calls");
    const streamed = chatStream({ tool_calls: [call("RAW")] }, "tool_calls");
    const answer = either(jsonText(withRaw(whole.body, raw)), {
      body: String(streamed.body).replaceAll('"RAW"', raw),
    });
    const end = await stack.call(mode, "chat", answer);
    expect(partsOf(end)).toEqual([`f ${raw}`]);
    expect(end.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
    expect(end.warnings).toEqual([]);
  });

  it.each(ARGUMENTS)("field:A3, field:A4 Responses: arguments as %s", async (_name, raw) => {
    const item = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: "RAW" };
    const events: NamedEvent[] = [
      { type: "response.output_item.added", output_index: 0, item },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.completed", response: responsesWhole([item]).body },
    ];
    const answer = either(jsonText(withRaw(responsesWhole([item]).body, raw)), {
      body: String(namedEvents(events).body).replaceAll('"RAW"', raw),
    });
    expect(partsOf(await stack.call(mode, "resp", answer))).toEqual([`f ${raw}`]);
  });

  it.each(ARGUMENTS)("field:A4 Responses: arguments as %s at the end alone", async (_name, raw) => {
    const item = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: "RAW" };
    const body = withRaw(responsesWhole([item]).body, raw);
    const end = `event: response.completed\ndata: {"type":"response.completed","response":${body}}\n\n`;
    const call = stack.call(mode, "resp", either(jsonText(body), { body: end }));
    expect(partsOf(await call)).toEqual([`f ${raw}`]);
  });

  it.each(ARGUMENTS)("field:A5 Anthropic: input as %s", async (_name, raw) => {
    const block = { type: "tool_use", id: "t", name: "f", input: "RAW" };
    const streamed = messagesEvents(
      [
        { type: "content_block_start", index: 0, content_block: block },
        { type: "content_block_stop", index: 0 },
      ],
      "tool_use",
    );
    const answer = either(jsonText(withRaw(messagesWhole([block], "tool_use").body, raw)), {
      body: String(streamed.body).replaceAll('"RAW"', raw),
    });
    expect(partsOf(await stack.call(mode, "ant", answer))).toEqual([`f ${raw}`]);
  });

  it.each(ARGUMENTS)("field:A5 Anthropic: input as %s in the first event", async (_name, raw) => {
    const block = { type: "tool_use", id: "t", name: "f", input: "RAW" };
    const text = withRaw(messagesWhole([block], "tool_use").body, raw);
    const end = { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: {} };
    const body = [
      `data: {"type":"message_start","message":${text}}`,
      `data: ${JSON.stringify(end)}`,
      'data: {"type":"message_stop"}',
    ].join("\n\n");
    const call = stack.call(mode, "ant", either(jsonText(text), { body: `${body}\n\n` }));
    expect(partsOf(await call)).toEqual([`f ${raw}`]);
  });

  it.each(ARGUMENTS)("field:A5 Anthropic: a piece of input as %s", async (_name, raw) => {
    const block = { type: "tool_use", id: "t", name: "f", input: {} };
    const delta = { type: "input_json_delta", partial_json: "RAW" };
    const streamed = messagesEvents(
      [
        { type: "content_block_start", index: 0, content_block: block },
        { type: "content_block_delta", index: 0, delta },
        { type: "content_block_stop", index: 0 },
      ],
      "tool_use",
    );
    const whole = messagesWhole([{ ...block, input: "RAW" }], "tool_use");
    const answer = either(jsonText(withRaw(whole.body, raw)), {
      body: String(streamed.body).replaceAll('"RAW"', raw),
    });
    expect(partsOf(await stack.call(mode, "ant", answer))).toEqual([`f ${raw}`]);
  });

  it.each(ARGUMENTS)("field:A4 Responses: a piece of arguments as %s", async (_name, raw) => {
    const item = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: "" };
    const type = "response.function_call_arguments.delta";
    const streamed = namedEvents([
      { type: "response.output_item.added", output_index: 0, item },
      { type, item_id: "fc_1", output_index: 0, delta: "RAW" },
      { type: "response.completed", response: responsesWhole([]).body },
    ]);
    const whole = responsesWhole([{ ...item, arguments: "RAW" }]);
    const answer = either(jsonText(withRaw(whole.body, raw)), {
      body: String(streamed.body).replaceAll('"RAW"', raw),
    });
    expect(partsOf(await stack.call(mode, "resp", answer))).toEqual([`f ${raw}`]);
  });

  it("field:A5 many calls each have their own text", async () => {
    const block = (id: number) => ({ type: "tool_use", id: `t${id}`, name: "f", input: `N${id}` });
    const numbers = Array.from({ length: 20 }, (_, index) => `{"n":90071992547409930${index}}`);
    const text = JSON.stringify(
      messagesWhole(
        numbers.map((_, index) => block(index)),
        "tool_use",
      ).body,
    ).replace(/"N(\d+)"/g, (_match, index) => numbers[Number(index)] ?? "");
    const events = numbers.flatMap((_, index): NamedEvent[] => [
      { type: "content_block_start", index, content_block: block(index) },
      { type: "content_block_stop", index },
    ]);
    const streamed = String(messagesEvents(events, "tool_use").body).replace(
      /"N(\d+)"/g,
      (_match, index) => numbers[Number(index)] ?? "",
    );
    const end = await stack.call(mode, "ant", either(jsonText(text), { body: streamed }));
    expect(partsOf(end)).toEqual(numbers.map((number) => `f ${number}`));
  });

  it("field:A12 a call in the field before tool_calls", async () => {
    const message = { content: null, function_call: fn("f", '{"a":1}') };
    const deltas = [
      { function_call: fn("f", "") },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ":1}" } },
    ];
    const answer = either(chatWhole(message, "function_call"), chatDeltas(deltas, "function_call"));
    const end = await stack.call(mode, "chat", answer);
    expect(partsOf(end)).toEqual(['f {"a":1}']);
    expect(end.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
  });

  it.each(ARGUMENTS)("field:A12 the old field with arguments as %s", async (_name, raw) => {
    const object = { function_call: fn("f", "RAW") };
    const answer = either(jsonText(withRaw(chatWhole(object, "stop").body, raw)), {
      body: String(chatStream(object, "stop").body).replaceAll('"RAW"', raw),
    });
    const end = await stack.call(mode, "chat", answer);
    expect(partsOf(end)).toEqual([`f ${raw}`]);
    expect(end.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
  });

  it("field:A12 the old field beside tool_calls", async () => {
    const second = { ...call('{"b":2}', "d"), index: 1 };
    const both = { function_call: fn("f", "{}"), tool_calls: [call("{}"), second] };
    const twice = either(chatWhole(both, "tool_calls"), chatStream(both, "tool_calls"));
    expect(partsOf(await stack.call(mode, "chat", twice))).toEqual(["f {}", 'f {"b":2}']);
  });

  it("field:A13 nothing but the word that there are calls is no success of calls", async () => {
    const answer = either(
      chatWhole({ content: "" }, "tool_calls"),
      chatStream({ content: "" }, "tool_calls"),
    );
    const end = await stack.call(mode, "chat", answer);
    expect(end.attempts).toEqual(["chat/m-chat FAILED TRUNCATED", "chat/m-chat SUCCEEDED"]);
    expect(end.generation?.finishReason).toBe(FinishReason.STOP);
    expect(end.warnings).toContain("OUTPUT_EMPTY");
  });

  it("field:A13 a text that ends with calls that are not there says so", async () => {
    const chat = either(
      chatWhole({ content: "Let me look." }, "tool_calls"),
      chatStream({ content: "Let me look." }, "tool_calls"),
    );
    const text = { type: "text", text: "Let me look." };
    const ant = either(
      messagesWhole([text], "tool_use"),
      messagesEvents([{ type: "content_block_start", index: 0, content_block: text }], "tool_use"),
    );
    for (const end of [await stack.call(mode, "chat", chat), await stack.call(mode, "ant", ant)]) {
      expect(partsOf(end)).toEqual(["text Let me look."]);
      expect(end.generation?.finishReason).toBe(FinishReason.OTHER);
      expect(end.warnings).toEqual(["TOOL_CALLS_MISSING"]);
    }
  });
});
