import { afterAll, beforeAll, expect, it } from "vitest";
import { FinishReason } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, partsOf, startAdapterStack } from "../../support/adapter-stack.ts";
import { messagesEvents, type NamedEvent } from "../../support/wire-answers.ts";

// Blocks of Messages streams that are not stopped, start twice, or overlap.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const start = (index: number, block: object): NamedEvent => ({
  type: "content_block_start",
  index,
  content_block: block,
});
const piece = (index: number, delta: object): NamedEvent => ({
  type: "content_block_delta",
  index,
  delta,
});
const stop = (index: number): NamedEvent => ({ type: "content_block_stop", index });
const tool = (id: string, name: string) => ({ type: "tool_use", id, name, input: {} });
const json = (text: string) => ({ type: "input_json_delta", partial_json: text });
const text = (words: string) => ({ type: "text_delta", text: words });

const BLOCKS: readonly (readonly [string, readonly NamedEvent[], readonly string[]])[] = [
  [
    "field:A14 a call at the index of a text that was not stopped",
    [
      start(0, { type: "text", text: "" }),
      piece(0, text("Look.")),
      start(0, tool("t1", "f")),
      piece(0, json('{"a":1}')),
      stop(0),
    ],
    ["text Look.", 'f {"a":1}'],
  ],
  [
    "field:A14 the same without a text",
    [start(0, { type: "text", text: "" }), start(0, tool("t1", "f")), piece(0, json('{"a":1}'))],
    ['f {"a":1}'],
  ],
  [
    "field:A14 a second call at the index of the first",
    [
      start(0, tool("t1", "f")),
      piece(0, json('{"a":1}')),
      start(0, tool("t2", "g")),
      piece(0, json('{"b":2}')),
      stop(0),
    ],
    ['f {"a":1}', 'g {"b":2}'],
  ],
  [
    "field:A14 a call thinking was not stopped before",
    [
      start(0, { type: "thinking", thinking: "", signature: "" }),
      piece(0, { type: "thinking_delta", thinking: "hm" }),
      piece(0, { type: "signature_delta", signature: "s" }),
      start(0, tool("t1", "f")),
      stop(0),
    ],
    ["reasoning hm", "f {}"],
  ],
  [
    "a start that is repeated",
    [start(0, tool("t1", "f")), start(0, tool("t1", "f")), piece(0, json('{"a":1}')), stop(0)],
    ['f {"a":1}'],
  ],
  [
    "field:A14 a text and a call that overlap",
    [
      start(0, { type: "text", text: "" }),
      start(1, tool("t1", "f")),
      piece(1, json('{"a"')),
      piece(0, text("Look.")),
      piece(1, json(":1}")),
      stop(0),
      stop(1),
    ],
    ["text Look.", 'f {"a":1}'],
  ],
  [
    "field:A14 a text without words and a call that overlap",
    [
      start(0, { type: "text", text: "" }),
      start(1, tool("t1", "f")),
      piece(1, json('{"a":1}')),
      start(2, tool("t2", "g")),
      stop(1),
      stop(0),
      stop(2),
    ],
    ['f {"a":1}', "g {}"],
  ],
  [
    "field:A14 a text that is never stopped before a call",
    [
      start(0, { type: "text", text: "" }),
      start(1, tool("t1", "f")),
      piece(1, json('{"a":1}')),
      stop(1),
    ],
    ['f {"a":1}'],
  ],
];

it.each(BLOCKS)("%s", async (_name, events, parts) => {
  const end = await stack.call("stream", "ant", () => messagesEvents(events, "tool_use"));
  expect(partsOf(end)).toEqual(parts);
  expect(end.open).toEqual([]);
  expect(end.generation?.finishReason).toBe(FinishReason.TOOL_CALLS);
});
