// What answers of built-in models cost, by the counts as their vendors write them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CostSource } from "../../../gen/es/steer/v1/usage_pb.js";
import { MODES } from "../../support/conformance/suite.ts";
import { type FieldStack, startFieldStack } from "../../support/field-stack.ts";
import { chat } from "../../support/usage-answers.ts";

const TYPES = ["cerebras", "deepseek", "gemini", "groq", "mistral", "moonshot"];

let stack: FieldStack;

beforeAll(async () => {
  stack = await startFieldStack(
    TYPES,
    (url) =>
      `providers:${TYPES.map((type) => `\n  - {id: ${type}, type: ${type}, base_url: "${url(type)}/v1", api_key_env: UP_KEY, builtin_models: true}`).join("")}\n`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

describe.each(MODES)("%s", (mode) => {
  it.each([
    // 100 × $1.50 + 900 × $0.15 + 100 × $7.50 a million.
    ["mistral/mistral-medium-3-5", { num_cached_tokens: 900 }, 1_035_000_000n],
    ["mistral/mistral-medium-latest", {}, 2_250_000_000n],
    ["mistral/mistral-large-2512", { num_cached_tokens: 900 }, 245_000_000n],
    ["mistral/mistral-small-2603", {}, 210_000_000n],
    ["mistral/codestral-2508", {}, 390_000_000n],
    // 100 × $0.15 + 900 × $0.075 + 100 × $0.60.
    ["groq/openai/gpt-oss-120b", { prompt_tokens_details: { cached_tokens: 900 } }, 142_500_000n],
    ["cerebras/gpt-oss-120b", {}, 425_000_000n],
    // 100 × $3 + 900 × $0.30 + 100 × $15.
    ["moonshot/kimi-k3", { cached_tokens: 900 }, 2_070_000_000n],
  ])("%s with %j", async (model, more, picos) => {
    const [server = ""] = model.split("/");
    await stack.script({ [server]: chat({ ...usage, ...more }) });
    const { generation } = await stack.call(mode, { model, prompt: "hi" } as never);
    expect(generation?.cost).toMatchObject({
      totalPicos: picos,
      currencyCode: "USD",
      source: CostSource.PRICE_TABLE,
    });
  });

  it.each(["deepseek/deepseek-flash", "deepseek/deepseek-v4-pro", "gemini/gemini-3.8-flash"])(
    "%s has prices that no table can say, and so no cost",
    async (model) => {
      const [server = ""] = model.split("/");
      await stack.script({ [server]: chat(usage) });
      const { generation } = await stack.call(mode, { model, prompt: "hi" } as never);
      expect(generation?.usage?.outputTokens).toBe(100);
      expect(generation?.cost).toBeUndefined();
    },
  );

  it.each([
    [3, "low"],
    [5, "high"],
    [6, "max"],
  ])("effort %i is sent to Kimi K3 as %s", async (effort, word) => {
    await stack.script({ moonshot: chat(usage) });
    const spec = { model: "moonshot/kimi-k3", prompt: "hi", reasoning: { effort } };
    const { warnings } = await stack.call(mode, spec as never);
    const sent = JSON.parse(stack.bodies("moonshot").at(-1) ?? "null");
    expect(sent.reasoning_effort).toBe(word);
    expect(warnings).toEqual([]);
  });
});
