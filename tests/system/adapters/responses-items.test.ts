import { afterAll, beforeAll, expect, it } from "vitest";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, partsOf, startAdapterStack } from "../../support/adapter-stack.ts";
import {
  type NamedEvent,
  namedEvents,
  responsesStream,
  responsesWhole,
} from "../../support/wire-answers.ts";

// Responses of servers that are not OpenAI: what their events leave out, and where they disagree.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const item = (args: string) => ({
  type: "function_call",
  id: "fc_1",
  call_id: "call_1",
  name: "f",
  arguments: args,
});
const message = (...texts: readonly string[]) => ({
  type: "message",
  id: "m1",
  role: "assistant",
  content: texts.map((text) => ({ type: "output_text", text, annotations: [] })),
});
const completed = (output: unknown): NamedEvent => ({
  type: "response.completed",
  response: responsesWhole([], { output }).body,
});
const added = (own: object, index = 0): NamedEvent => ({
  type: "response.output_item.added",
  output_index: index,
  item: own,
});
const done = (own: object, index = 0): NamedEvent => ({
  type: "response.output_item.done",
  output_index: index,
  item: own,
});
const text = (delta: string, more: object = {}): NamedEvent => ({
  type: "response.output_text.delta",
  delta,
  ...more,
});
const args = (delta: string, more: object = {}): NamedEvent => ({
  type: "response.function_call_arguments.delta",
  item_id: "fc_1",
  output_index: 0,
  delta,
  ...more,
});
const argsDone = (whole: string): NamedEvent => ({
  type: "response.function_call_arguments.done",
  item_id: "fc_1",
  output_index: 0,
  arguments: whole,
});

const STREAMS: readonly (readonly [string, readonly NamedEvent[], readonly string[]])[] = [
  [
    "field:A15 arguments at their end only",
    [added(item("")), argsDone('{"a":1}'), completed([])],
    ['f {"a":1}'],
  ],
  [
    "field:A15 arguments in pieces and at their end",
    [added(item("")), args('{"a"'), args(":1}"), argsDone('{"a":1}'), completed([])],
    ['f {"a":1}'],
  ],
  [
    "field:A15 pieces that lack the rest",
    [added(item("")), args('{"a"'), argsDone('{"a":1}'), done(item('{"a":1}')), completed([])],
    ['f {"a":1}'],
  ],
  [
    "field:A15 pieces before their item",
    [args('{"a"'), args(":1}"), done(item('{"a":1}')), completed([item('{"a":1}')])],
    ['f {"a":1}'],
  ],
  ["field:A16 no output at the end", [text("hi"), completed(null)], ["text hi"]],
  ["field:A17 an empty output at the end", [text("hi"), completed([])], ["text hi"]],
  [
    "field:A18 another place of the content",
    [
      added(message()),
      text("Hel", { item_id: "m1", output_index: 0, content_index: 1 }),
      text("lo", { item_id: "m1", output_index: 0, content_index: 1 }),
      done(message("Hello")),
      completed([message("Hello")]),
    ],
    ["text Hello"],
  ],
  [
    "field:A18 another place of the item, at the end and before",
    [
      added(message(), 1),
      text("Hello", { item_id: "m1", output_index: 1, content_index: 0 }),
      done(message("Hello"), 1),
      completed([message("Hello")]),
    ],
    ["text Hello"],
  ],
  [
    "field:A18 other identifiers at each event",
    [
      added({ ...message(), id: "x1" }),
      text("Hello", { item_id: "x2", output_index: 0, content_index: 0 }),
      done({ ...message("Hello"), id: "x3" }),
      completed([{ ...message("Hello"), id: "x4" }]),
    ],
    ["text Hello"],
  ],
  [
    "field:A18 another place in each piece",
    [
      added(message()),
      text("Hel", { item_id: "m1", output_index: 0, content_index: 0 }),
      text("lo", { item_id: "m1", output_index: 3, content_index: 0 }),
      done(message("Hello"), 1),
      completed([message("Hello")]),
    ],
    ["text Hello"],
  ],
  [
    "field:A18 other identifiers and places of two calls",
    [
      added({ ...item(""), id: "x1" }, 1),
      added({ ...item(""), id: "x2", call_id: "call_2", name: "g" }, 2),
      completed([
        { ...item('{"b":2}'), id: "y2", call_id: "call_2", name: "g" },
        { ...item('{"a":1}'), id: "y1" },
      ]),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A18 other places of two calls, whose end has no identifier of a call",
    [
      added({ ...item(""), id: "x1" }, 1),
      added({ ...item(""), id: "x2", call_id: "call_2", name: "g" }, 2),
      completed([
        { ...item('{"b":2}'), id: "x2", call_id: undefined, name: "g" },
        { ...item('{"a":1}'), id: "x1", call_id: undefined },
      ]),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A18 two messages of one identifier",
    [
      added(message(), 0),
      text("one", { item_id: "m1", output_index: 0, content_index: 0 }),
      done(message("one"), 0),
      completed([message("one"), message("two")]),
    ],
    ["text one", "text two"],
  ],
  [
    "field:A18 another place and another identifier at the end",
    [
      added({ type: "reasoning", id: "rs" }, 0),
      added({ ...message(), id: "x1" }, 1),
      text("Hello", { item_id: "x1", output_index: 1, content_index: 0 }),
      completed([{ ...message("Hello"), id: "x9" }]),
    ],
    ["text Hello"],
  ],
  [
    "field:A18 a call whose place at the end is another",
    [
      added(message(), 0),
      added(item(""), 2),
      args('{"a":1}', { output_index: 2 }),
      done(item('{"a":1}'), 2),
      completed([item('{"a":1}')]),
    ],
    ['f {"a":1}'],
  ],
  [
    "a response at the end without a status",
    [text("hi"), { type: "response.completed", response: { id: "resp_1", output: [] } }],
    ["text hi"],
  ],
  [
    "the text at its end only",
    [
      { type: "response.output_text.done", output_index: 0, content_index: 0, text: "Hello" },
      completed([]),
    ],
    ["text Hello"],
  ],
  [
    "pieces of a text that lack the rest",
    [text("Hel", { output_index: 0, content_index: 0 }), completed([message("Hello")])],
    ["text Hello"],
  ],
  [
    "two texts of one message",
    [
      text("one", { output_index: 0, content_index: 0 }),
      text("two", { output_index: 0, content_index: 1 }),
      completed([message("one", "two")]),
    ],
    ["text one", "text two"],
  ],
  [
    "two messages of the same words",
    [
      text("one", { item_id: "m1", output_index: 0, content_index: 0 }),
      text("one", { item_id: "m2", output_index: 1, content_index: 0 }),
      completed([message("one"), { ...message("one"), id: "m2" }]),
    ],
    ["text one", "text one"],
  ],
];

it.each(STREAMS)("%s", async (_name, events, parts) => {
  const end = await stack.call("stream", "resp", () => namedEvents(events));
  expect(partsOf(end)).toEqual(parts);
  expect(end.open).toEqual([]);
  const isCall = parts.some((part) => part.startsWith("f "));
  expect(end.generation?.finishReason).toBe(isCall ? FinishReason.TOOL_CALLS : FinishReason.STOP);
});

it("field:A16 a whole answer without output is none", async () => {
  const end = await stack.call("unary", "resp", () => responsesWhole([], { output: null }));
  expect(end.error?.reason).toBe("PROVIDER_PROTOCOL");
  const stream = await stack.call("stream", "resp", () => responsesStream([], { output: null }));
  expect(stream.error?.reason).toBe("PROVIDER_PROTOCOL");
});
