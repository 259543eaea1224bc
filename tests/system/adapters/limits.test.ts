import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UnsupportedParameterAction } from "../../../gen/es/steer/v1/generation_pb.js";
import { type AdapterStack, type Server, startAdapterStack } from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import {
  assistant,
  toolCall,
  toolF,
  toolMessage,
  toolResult,
  user,
  words,
} from "../../support/conversation.ts";
import { OK_ANSWERS } from "../../support/ok-answers.ts";

// Limits of vendors that are known are kept before a request is sent, with a warning.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack("  - {id: own-claude, provider: ant, max_output_tokens: 9000}\n");
});

afterAll(() => stack[Symbol.asyncDispose]());

const REJECT = { routing: { unsupportedParameters: UnsupportedParameterAction.REJECT } };
const STOPS = ["a", "b", "c", "d", "e", "f"];
const hinted = (text: string) => ({ ...words(text), cacheHint: { ttl: "" } });

/** Texts of the blocks that carry a mark. */
function marked(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(marked);
  if (typeof value !== "object" || value === null) return [];
  const block = value as Readonly<Record<string, unknown>>;
  const own = "cache_control" in block ? [String(block["text"] ?? block["type"])] : [];
  return [...own, ...Object.values(block).flatMap(marked)];
}

describe.each(MODES)("%s", (mode) => {
  type Row = readonly [string, "ant" | "oai", object, string, (sent: Sent) => unknown, unknown];
  type Sent = Readonly<Record<string, unknown>>;

  const CLAMPED: readonly Row[] = [
    [
      "field:A41 a temperature above 1 at Anthropic",
      "ant",
      { sampling: { temperature: 1.5 } },
      "sampling.temperature",
      (sent) => sent["temperature"],
      1,
    ],
    [
      "field:A42 a budget of thinking above the limit of tokens",
      "ant",
      { reasoning: { budgetTokens: 4000 }, sampling: { maxOutputTokens: 3000 } },
      "reasoning.budget_tokens",
      (sent) => sent["thinking"],
      { type: "enabled", budget_tokens: 2999 },
    ],
    [
      "field:A42 a budget of thinking as large as the limit",
      "ant",
      { reasoning: { budgetTokens: 3000 }, sampling: { maxOutputTokens: 3000 } },
      "reasoning.budget_tokens",
      (sent) => sent["thinking"],
      { type: "enabled", budget_tokens: 2999 },
    ],
    [
      "field:A42 a budget below the vendor's least",
      "ant",
      { reasoning: { budgetTokens: 100 }, sampling: { maxOutputTokens: 3000 } },
      "reasoning.budget_tokens",
      (sent) => sent["thinking"],
      { type: "enabled", budget_tokens: 1024 },
    ],
    [
      "field:A44 six stop sequences at OpenAI",
      "oai",
      { sampling: { stopSequences: STOPS } },
      "sampling.stop_sequences",
      (sent) => sent["stop"],
      STOPS.slice(0, 4),
    ],
    [
      "field:A43 six marks of the cache",
      "ant",
      { messages: [user(...["1", "2", "3", "4", "5", "6"].map(hinted))] },
      "messages.cache_hint",
      (sent) => marked(sent["messages"]),
      ["1", "4", "5", "6"],
    ],
    [
      "field:A43 marks of several messages, of calls and results",
      "ant",
      {
        messages: [
          { role: 1, parts: [hinted("system")] },
          user(hinted("1"), words("2")),
          assistant({ ...toolCall("c"), cacheHint: { ttl: "" } }),
          toolMessage({ ...toolResult("c"), cacheHint: { ttl: "" } }),
          user(hinted("3"), hinted("4")),
        ],
        tools: [toolF()],
      },
      "messages.cache_hint",
      (sent) => [...marked(sent["system"]), ...marked(sent["messages"])],
      ["system", "tool_result", "3", "4"],
    ],
  ];

  it.each(CLAMPED)("%s", async (_name, server, spec, field, sent, expected) => {
    const end = await stack.call(mode, server, OK_ANSWERS[server], spec);
    expect(sent(stack.sent(server))).toEqual(expected);
    expect(end.generation?.warnings.map(({ reason, field: at }) => [reason, at])).toEqual([
      ["PARAMETER_CLAMPED", field],
    ]);
    const refused = await stack.call(mode, server, OK_ANSWERS[server], { ...spec, ...REJECT });
    expect(refused.violations).toEqual([`spec.${field}`]);
    expect(stack.field.requests(server)).toBe(0);
  });

  it("field:A42 a budget that leaves no room for the vendor's least is dropped", async () => {
    const spec = { reasoning: { budgetTokens: 4000 }, sampling: { maxOutputTokens: 1000 } };
    const end = await stack.call(mode, "ant", OK_ANSWERS.ant, spec);
    expect(stack.sent("ant")["thinking"]).toBeUndefined();
    expect(stack.sent("ant")["max_tokens"]).toBe(1000);
    expect(end.warnings).toEqual(["PARAMETER_DROPPED"]);
  });

  it.each([
    [4_000_000_000n, undefined, "PARAMETER_DROPPED"],
    [9_000_000_000n, "enabled", "PARAMETER_CLAMPED"],
  ])("field:A42 a budget of money of %s lowers both", async (maxCostPicos, type, reason) => {
    const spec = {
      reasoning: { budgetTokens: 2000 },
      budget: { maxCostPicos, currencyCode: "USD" },
    };
    const end = await stack.call(mode, "ant", OK_ANSWERS.ant, spec);
    const { thinking, max_tokens: most } = stack.sent("ant") as Readonly<Record<string, unknown>>;
    expect(thinking).toEqual(type && { type, budget_tokens: Number(most) - 1 });
    expect(Number(most)).toBeLessThan(2000);
    expect(end.warnings).toEqual([reason]);
  });

  const WITHIN: readonly (readonly [string, Server, object, (sent: Sent) => unknown, unknown])[] = [
    [
      "a temperature of 1",
      "ant",
      { sampling: { temperature: 1 } },
      (sent) => sent["temperature"],
      1,
    ],
    [
      "a budget below the limit",
      "ant",
      { reasoning: { budgetTokens: 2000 }, sampling: { maxOutputTokens: 3000 } },
      (sent) => sent["thinking"],
      { type: "enabled", budget_tokens: 2000 },
    ],
    [
      "four stop sequences",
      "oai",
      { sampling: { stopSequences: STOPS.slice(0, 4) } },
      (sent) => sent["stop"],
      STOPS.slice(0, 4),
    ],
    [
      "six at Anthropic",
      "ant",
      { sampling: { stopSequences: STOPS } },
      (sent) => sent["stop_sequences"],
      STOPS,
    ],
    [
      "six at another server",
      "chat",
      { sampling: { stopSequences: STOPS } },
      (sent) => sent["stop"],
      STOPS,
    ],
    [
      "a temperature of another server",
      "chat",
      { sampling: { temperature: 1.5 } },
      (sent) => sent["temperature"],
      1.5,
    ],
    [
      "four marks",
      "ant",
      { messages: [user(...["1", "2", "3", "4"].map(hinted))] },
      (sent) => marked(sent["messages"]),
      ["1", "2", "3", "4"],
    ],
  ];

  it.each(WITHIN)("%s: sent as it is", async (_name, server, spec, sent, expected) => {
    const end = await stack.call(mode, server, OK_ANSWERS[server], spec);
    expect(sent(stack.sent(server))).toEqual(expected);
    expect(end.warnings).toEqual([]);
  });

  it.each([
    ["{}", { type: "object" }],
    [" { } ", { type: "object" }],
    ['{"properties":{"b":{},"a":{}}}', { type: "object", properties: { b: {}, a: {} } }],
    ['{"type":"object","properties":{}}', { type: "object", properties: {} }],
    ["", { type: "object", properties: {} }],
  ])("field:A45 a schema %s has a type at Anthropic", async (schema, expected) => {
    const end = await stack.call(mode, "ant", OK_ANSWERS.ant, { tools: [toolF(schema)] });
    const [tool] = stack.sent("ant")["tools"] as unknown as readonly {
      readonly input_schema: unknown;
    }[];
    expect(tool?.input_schema).toEqual(expected);
    expect(end.warnings).toEqual([]);
    if (schema.includes('"type"')) expect(stack.field.bodies("ant")[0]).toContain(schema);
  });

  it.each(["null", " null ", ""])("field:A46 a call with arguments %s", async (args) => {
    const messages = [
      user(words("q")),
      assistant(toolCall("c", args)),
      toolMessage(toolResult("c")),
    ];
    await stack.call(mode, "ant", OK_ANSWERS.ant, { messages, tools: [toolF()] });
    const sent = stack.sent("ant")["messages"] as unknown as readonly {
      readonly content: readonly object[];
    }[];
    expect(sent[1]?.content[0]).toEqual({ type: "tool_use", id: "c", name: "f", input: {} });
  });
});

describe.each(MODES)("%s: a model of the file at Anthropic", (mode) => {
  const call = (spec: object) =>
    stack.call(mode, "ant", OK_ANSWERS.ant, { ...spec, model: "own-claude" });

  it("field:A49 takes a budget of thinking", async () => {
    const end = await call({ reasoning: { budgetTokens: 2048 } });
    expect(stack.sent("ant")["thinking"]).toEqual({ type: "enabled", budget_tokens: 2048 });
    expect(end.warnings).toEqual([]);
  });
});
