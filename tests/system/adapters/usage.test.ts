import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageSource } from "../../../gen/es/steer/v1/usage_pb.js";
import {
  type AdapterStack,
  either,
  type Server,
  startAdapterStack,
} from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import type { Answer } from "../../support/field-stack.ts";
import { chat, messages } from "../../support/usage-answers.ts";
import { namedEvents, type WireAnswer } from "../../support/wire-answers.ts";

// Counts and prices under the names, and in the places, that vendors have for them.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

/** Input, output, cache read, reasoning, and the cost in trillionths. */
type Row = readonly [string, Server, Answer, readonly (number | undefined)[], bigint];

const prompt = { prompt_tokens: 1000, completion_tokens: 5, total_tokens: 1005 };

const ROWS: readonly Row[] = [
  [
    "field:M1 a zero does not replace a count",
    "ant",
    messages({ input_tokens: 1000, output_tokens: 7 }, { input_tokens: 1000, output_tokens: 1 }),
    [1000, 7, undefined, undefined],
    1_035_000_000n,
  ],
  [
    "field:M2 a compaction is counted too",
    "ant",
    messages({
      input_tokens: 23_000,
      output_tokens: 1000,
      iterations: [
        { type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
        { type: "message", input_tokens: 23_000, output_tokens: 1000 },
      ],
    }),
    [203_000, 4500, undefined, undefined],
    225_500_000_000n,
  ],
  [
    "field:M2 a compaction that read from the cache",
    "ant",
    messages({
      input_tokens: 1000,
      output_tokens: 10,
      cache_read_input_tokens: 100,
      iterations: [
        {
          type: "compaction",
          input_tokens: 2000,
          output_tokens: 20,
          cache_read_input_tokens: 500,
          cache_creation_input_tokens: 0,
        },
        { type: "message", input_tokens: 1000, output_tokens: 10, cache_read_input_tokens: 100 },
      ],
    }),
    [3600, 30, 600, undefined],
    // 3000 × 1,000,000 + 600 × 100,000 + 30 × 5,000,000.
    3_210_000_000n,
  ],
  [
    "field:M3 DeepSeek",
    "chat",
    chat({ ...prompt, prompt_cache_hit_tokens: 900, prompt_cache_miss_tokens: 100 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "field:M4 Mistral",
    "chat",
    chat({ ...prompt, num_cached_tokens: 900 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "field:M4 Moonshot",
    "chat",
    chat({ ...prompt, cached_tokens: 900 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "field:M4 behind a translation of Anthropic's",
    "chat",
    chat({ ...prompt, cache_read_input_tokens: 900 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "field:M4 the usual place, and a zero beside it",
    "chat",
    chat({ ...prompt, prompt_tokens_details: { cached_tokens: 900 }, cached_tokens: 0 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "cached tokens beside the prompt, by the total",
    "chat",
    chat({ prompt_tokens: 100, completion_tokens: 5, total_tokens: 1005, cached_tokens: 900 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "more cached tokens than the prompt has",
    "chat",
    chat({ prompt_tokens: 100, completion_tokens: 5, cached_tokens: 900 }),
    [1000, 5, 900, undefined],
    240_000_000n,
  ],
  [
    "field:M5 reasoning beside the output",
    "chat",
    chat({
      prompt_tokens: 21,
      completion_tokens: 0,
      total_tokens: 81,
      completion_tokens_details: { reasoning_tokens: 60 },
    }),
    [21, 60, undefined, 60],
    621_000_000n,
  ],
  [
    "field:M5 the same without a total",
    "chat",
    chat({
      prompt_tokens: 21,
      completion_tokens: 4,
      completion_tokens_details: { reasoning_tokens: 60 },
    }),
    [21, 64, undefined, 60],
    661_000_000n,
  ],
  [
    "field:M6 a total that tells of more output",
    "chat",
    chat({ prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 }),
    [35, 74, undefined, undefined],
    775_000_000n,
  ],
  [
    "a total that tells of less",
    "chat",
    chat({ prompt_tokens: 35, completion_tokens: 12, total_tokens: 12 }),
    [35, 12, undefined, undefined],
    155_000_000n,
  ],
];

describe.each(MODES)("%s", (mode) => {
  it.each(ROWS)("%s", async (_name, server, answer, [input, output, read, reasoning], cost) => {
    const end = await stack.call(mode, server, answer);
    const { usage } = end.generation ?? {};
    expect(usage?.source).toBe(UsageSource.PROVIDER);
    expect([
      usage?.inputTokens,
      usage?.outputTokens,
      usage?.cacheReadTokens,
      usage?.reasoningTokens,
    ]).toEqual([input, output, read, reasoning]);
    expect(end.generation?.cost?.totalPicos).toBe(cost);
    expect(end.warnings).toEqual([]);
  });

  it("field:M7 usage inside the choice", async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    const head = { id: "c1", model: "m" };
    const end = { index: 0, finish_reason: "stop", usage };
    const lines = [
      { ...head, choices: [{ index: 0, delta: { content: "hi" } }] },
      { ...head, choices: [{ ...end, delta: {} }] },
    ];
    const stream: WireAnswer = {
      body: `${lines.map((line) => `data: ${JSON.stringify(line)}\n\n`).join("")}data: [DONE]\n\n`,
    };
    const whole = { body: { ...head, choices: [{ ...end, message: { content: "hi" } }] } };
    const got = await stack.call(mode, "chat", either(whole, stream));
    expect(got.generation?.usage).toMatchObject({
      inputTokens: 10,
      outputTokens: 5,
      source: UsageSource.PROVIDER,
    });
  });

  it("sub-counts above their sums are impossible", async () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      input_tokens_details: { cached_tokens: 11 },
      output_tokens_details: { reasoning_tokens: 6 },
    };
    const message = { type: "message", content: [{ type: "output_text", text: "hi" }] };
    const response = { id: "r", status: "completed", model: "r", output: [message], usage };
    const answer = either(
      { body: response },
      namedEvents([{ type: "response.completed", response }]),
    );
    const end = await stack.call(mode, "resp", answer);
    expect(end.generation?.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    expect(end.generation?.usage?.cacheReadTokens).toBeUndefined();
    expect(end.generation?.usage?.reasoningTokens).toBeUndefined();
    expect(end.warnings).toEqual(["USAGE_IMPOSSIBLE"]);
  });
});

describe("counts of a stream of Messages", () => {
  it("field:M1 a zero at the end does not replace what came first", async () => {
    const answer = messages(
      { input_tokens: 0, output_tokens: 7, cache_read_input_tokens: 0 },
      { input_tokens: 1000, output_tokens: 1, cache_read_input_tokens: 200 },
    );
    const end = await stack.call("stream", "ant", answer);
    expect(end.generation?.usage).toMatchObject({
      inputTokens: 1200,
      outputTokens: 7,
      cacheReadTokens: 200,
    });
  });

  it("a lower count replaces a higher one: a compaction has shortened the input", async () => {
    const answer = messages(
      { input_tokens: 612, output_tokens: 7 },
      { input_tokens: 60_385, output_tokens: 1 },
    );
    const end = await stack.call("stream", "ant", answer);
    expect(end.generation?.usage?.inputTokens).toBe(612);
  });
});
