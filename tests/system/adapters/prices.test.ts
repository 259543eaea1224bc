import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CostSource } from "../../../gen/es/steer/v1/usage_pb.js";
import { type AdapterStack, either, startAdapterStack } from "../../support/adapter-stack.ts";
import { MODES } from "../../support/conformance/suite.ts";
import { chat, messages } from "../../support/usage-answers.ts";
import {
  chatStream,
  chatWhole,
  responsesStream,
  responsesWhole,
} from "../../support/wire-answers.ts";

// What vendors say of the price of an answer.

let stack: AdapterStack;

beforeAll(async () => {
  stack = await startAdapterStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

const prompt = { prompt_tokens: 1000, completion_tokens: 5, total_tokens: 1005 };

describe.each(MODES)("%s", (mode) => {
  it.each([
    ["field:M8 OpenRouter", { cost: 0.0123 }, 12_300_000_000n],
    ["field:M8 nothing", { cost: 0 }, 0n],
    [
      "field:M8 what is paid to the vendor itself",
      { cost: 0.0001, is_byok: true, cost_details: { upstream_inference_cost: 0.01 } },
      10_100_000_000n,
    ],
    ["Perplexity", { cost: { input_tokens_cost: 0.001, total_cost: 0.006 } }, 6_000_000_000n],
  ])("the vendor's own price: %s", async (_name, more, picos) => {
    const end = await stack.call(mode, "chat", chat({ ...prompt, ...more }));
    expect(end.generation?.cost).toMatchObject({
      totalPicos: picos,
      currencyCode: "USD",
      source: CostSource.PROVIDER,
    });
    expect(end.warnings).toEqual([]);
  });

  it("field:M8 in Responses", async () => {
    const message = { type: "message", content: [{ type: "output_text", text: "hi" }] };
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15, cost: 0.0123 };
    const answer = either(
      responsesWhole([message], { usage }),
      responsesStream([message], { usage }),
    );
    const end = await stack.call(mode, "resp", answer);
    expect(end.generation?.cost).toMatchObject({
      totalPicos: 12_300_000_000n,
      source: CostSource.PROVIDER,
    });
  });

  it.each([[{ cost: -1 }], [{ cost: 1e300 }]])("a price that cannot be: %o", async (more) => {
    const end = await stack.call(mode, "chat", chat({ ...prompt, ...more }));
    expect(end.generation?.cost?.source).toBe(CostSource.PRICE_TABLE);
    expect(end.warnings).toEqual(["USAGE_IMPOSSIBLE"]);
  });

  it.each([
    ["field:M13 priority", "priority", ["SERVICE_TIER_UNPRICED"]],
    ["field:M13 flex", "flex", ["SERVICE_TIER_UNPRICED"]],
    ["the standard", "default", []],
    ["what the vendor chooses", "auto", []],
  ])("a tier has a price of its own: %s", async (_name, tier, warnings) => {
    const whole = chatWhole({ content: "hi" });
    const stream = chatStream({ content: "hi" });
    const answer = either(
      { body: { ...(whole.body as object), service_tier: tier } },
      {
        body: String(stream.body).replace(
          '{"choices":[]',
          `{"service_tier":"${tier}","choices":[]`,
        ),
      },
    );
    const end = await stack.call(mode, "chat", answer);
    expect(end.warnings).toEqual(warnings);
    expect(end.generation?.cost?.source).toBe(CostSource.PRICE_TABLE);
    // Whoever says the price itself has no tier to tell of.
    const said = either(
      {
        body: {
          ...(chatWhole({ content: "hi" }, "stop", { ...prompt, cost: 0.1 }).body as object),
          service_tier: tier,
        },
      },
      {
        body: String(chatStream({ content: "hi" }, "stop", { ...prompt, cost: 0.1 }).body).replace(
          '{"choices":[]',
          `{"service_tier":"${tier}","choices":[]`,
        ),
      },
    );
    expect((await stack.call(mode, "chat", said)).warnings).toEqual([]);
  });

  it.each([
    ["priority", ["SERVICE_TIER_UNPRICED"]],
    ["standard", []],
  ])("field:M13 Anthropic's tier %s", async (tier, warnings) => {
    const usage = { input_tokens: 10, output_tokens: 5, service_tier: tier };
    expect((await stack.call(mode, "ant", messages(usage))).warnings).toEqual(warnings);
  });
});
