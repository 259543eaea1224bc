import { afterAll, beforeAll, expect, it } from "vitest";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, partsOf, startAdapterStack } from "../../support/adapter-stack.ts";
import { chatDeltas } from "../../support/wire-answers.ts";

// Calls of Chat streams in fragments: servers differ in what says which call a fragment belongs to.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const fn = (name: string, args?: unknown) => ({
  name,
  ...(args !== undefined && { arguments: args }),
});

/** Chat streams: the `tool_calls` of one delta after another. */
const delta = (...fragments: readonly object[]) => ({ tool_calls: fragments });
const at = (index: number, more: object) => ({ index, ...more });

const FRAGMENTS: readonly (readonly [string, readonly object[], readonly string[]])[] = [
  [
    "field:A6 one index and no identifiers, other names",
    [
      delta(at(0, { function: fn("f", '{"a":1}') })),
      delta(at(0, { function: fn("g", '{"b":2}') })),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A6 other names before any arguments",
    [
      delta(at(0, { function: fn("f", "") })),
      delta(at(0, { function: fn("g", "") })),
      delta(at(0, { function: { arguments: '{"b":2}' } })),
    ],
    ["f {}", 'g {"b":2}'],
  ],
  [
    "field:A7 one index, no identifiers, one name",
    [
      delta(at(0, { function: fn("f", '{"a":1}') })),
      delta(at(0, { function: fn("f", '{"b":2}') })),
      delta(at(0, { function: fn("f", '{"c":3}') })),
    ],
    ['f {"a":1}', 'f {"b":2}', 'f {"c":3}'],
  ],
  [
    "field:A8 no index at all, fragments by their place",
    [
      delta({ id: "x1", function: fn("f", "") }, { id: "x2", function: fn("g", "") }),
      delta({ function: { arguments: '{"a":1}' } }, { function: { arguments: '{"b":2}' } }),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A8 no index, in more fragments",
    [
      delta({ id: "x1", function: fn("f", "") }, { id: "x2", function: fn("g", "") }),
      delta({ function: { arguments: '{"a"' } }, { function: { arguments: '{"b"' } }),
      delta({ function: { arguments: ":1}" } }, { function: { arguments: ":2}" } }),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A9 another identifier with each fragment",
    [
      delta(at(0, { id: "x1", function: fn("f", "") })),
      delta(at(0, { id: "x2", function: fn("f", '{"a"') })),
      delta(at(0, { id: "x3", function: fn("f", ":1}") })),
    ],
    ['f {"a":1}'],
  ],
  [
    "field:A10 an empty object, then the arguments",
    [
      delta(at(0, { id: "x1", function: fn("f", "{}") })),
      delta(at(0, { function: { arguments: '{"a":1}' } })),
    ],
    ['f {"a":1}'],
  ],
  [
    "field:A10 the same with two calls, in fragments",
    [
      delta(at(0, { id: "x1", function: fn("f", "{}") })),
      delta(at(1, { id: "x2", function: fn("g", "{}") })),
      delta(at(0, { function: { arguments: '{"a"' } })),
      delta(at(1, { function: { arguments: '{"b":2}' } })),
      delta(at(0, { function: { arguments: ":1}" } })),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A10 an empty object alone",
    [delta(at(0, { id: "x1", function: fn("f", "{}") }))],
    ["f {}"],
  ],
  [
    "index 0 twice with other identifiers and whole arguments",
    [
      delta(at(0, { id: "x", function: fn("f", '{"a":1}') })),
      delta(at(0, { id: "y", function: fn("f", '{"b":2}') })),
    ],
    ['f {"a":1}', 'f {"b":2}'],
  ],
  [
    "no index, one after another",
    [
      delta({ id: "x1", function: fn("f", '{"a"') }),
      delta({ function: { arguments: ":1}" } }),
      delta({ id: "x2", function: fn("f", '{"b":2}') }),
    ],
    ['f {"a":1}', 'f {"b":2}'],
  ],
  [
    "the same identifier and name on each fragment",
    [
      delta(at(0, { id: "x", function: fn("f", '{"a"') })),
      delta(at(0, { id: "x", function: fn("f", ":1}") })),
    ],
    ['f {"a":1}'],
  ],
  [
    "nulls on continuations",
    [
      delta(at(0, { id: "x", function: fn("f", '{"a"') })),
      delta(at(0, { id: null, function: { name: null, arguments: ":1}" } })),
    ],
    ['f {"a":1}'],
  ],
  [
    "malformed arguments stay as they are",
    [
      delta(at(0, { id: "x", function: fn("f", '{"a":1}') })),
      delta(at(0, { function: { arguments: "}" } })),
    ],
    ['f {"a":1}}'],
  ],
];

it.each(FRAGMENTS)("%s", async (_name, deltas, calls) => {
  const end = await stack.call("stream", "chat", () => chatDeltas(deltas, "tool_calls"));
  expect(partsOf(end)).toEqual(calls);
  expect(end.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
});

it("field:A11 arguments that go on after the reason", async () => {
  const chunk = (tools: object, reason: string) =>
    `data: ${JSON.stringify({ id: "c1", model: "m", choices: [{ index: 0, delta: { tool_calls: [tools] }, finish_reason: reason }] })}\n\n`;
  const body = [
    chunk(at(0, { id: "c1", function: fn("f", '{"a":') }), "tool_calls"),
    chunk(at(0, { function: { arguments: "1}" } }), "tool_calls"),
    "data: [DONE]\n\n",
  ].join("");
  const end = await stack.call("stream", "chat", () => ({ body }));
  expect(partsOf(end)).toEqual(['f {"a":1}']);
});
