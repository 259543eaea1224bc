import { describe, expect, it } from "vitest";
import type { GenerationSpec, Part } from "../../../src/domain/generation-spec.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Model, Pricing } from "../../../src/domain/model.ts";
import * as providerTypes from "../../../src/providers/registry.ts";
import { allowanceOf } from "../../../src/usage/allowance.ts";
import { type InputBound, inputBoundOf } from "../../../src/usage/dearest-prices.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";

/** Per million: 8 in, 10 and 16 for writes, 40 out. */
const PRICING: Pricing = {
  currency: "USD",
  date: "2026-11-01",
  inputPicos: 8_000_000,
  outputPicos: 40_000_000,
  cacheReadPicos: 800_000,
  cacheWritePicos: 10_000_000,
  cacheWriteLongPicos: 16_000_000,
  tiers: [],
};
const LIMITED = new Set(["sampling.max_output_tokens" as const]);
const BUDGET = { maxCostPicos: 100_000_000_000, currency: "USD" };

interface Case {
  readonly pricing?: Pricing;
  readonly tokens?: number;
  readonly confidence?: number;
  readonly spec?: Partial<GenerationSpec>;
  readonly options?: JsonObject;
  readonly wire?: JsonObject;
}

/** Output tokens that the budget buys. */
function bought(given: Case): number | string {
  const { pricing = PRICING, tokens = 4_500, confidence = 0.9, options = {}, wire = {} } = given;
  const { tokens: rules } = providerTypes.openai;
  const model = testModel({ pricing, wire, parameters: LIMITED, tokens: rules });
  const spec = testSpec(given.spec ?? {});
  const input = inputBoundOf({ tokens, confidence }, model, spec, options);
  const allowance = allowanceOf(BUDGET, 0, model, input);
  return allowance.state === "affordable" ? allowance.outputTokens : allowance.reason;
}

function user(...parts: Part[]): Partial<GenerationSpec> {
  return { messages: [{ role: "user", parts }] };
}

function hinted(ttl: string): Partial<GenerationSpec> {
  return user({ type: "text", text: "Hi", cacheHint: { ttl } });
}

describe("field:M12 the input of a budget has the dearest price that can apply", () => {
  // 100,000,000,000 less 4,500 × 8, 10 or 16 million, by 40 million a token of output.
  const PLAIN = 1_600;
  const WRITTEN = 1_375;
  const WRITTEN_LONG = 700;

  it.each<[string, Case, number]>([
    ["no hint", {}, PLAIN],
    ["a hint without lifetime", { spec: hinted("") }, WRITTEN],
    ["five minutes as seconds", { spec: hinted("300s") }, WRITTEN],
    ["five minutes", { spec: hinted("5m") }, WRITTEN],
    ["a second more than five minutes", { spec: hinted("301s") }, WRITTEN_LONG],
    ["six minutes", { spec: hinted("6m") }, WRITTEN_LONG],
    ["an hour as seconds", { spec: hinted("3600s") }, WRITTEN_LONG],
    ["an hour", { spec: hinted("1h") }, WRITTEN_LONG],
    ["a day", { spec: hinted("1d") }, WRITTEN_LONG],
    ["a lifetime of nothing", { spec: hinted("0s") }, WRITTEN_LONG],
    ["a word of the provider", { spec: hinted("persistent") }, WRITTEN_LONG],
    [
      "one long lifetime among others",
      {
        spec: user(
          { type: "text", text: "a", cacheHint: { ttl: "" } },
          { type: "text", text: "b", cacheHint: { ttl: "1h" } },
        ),
      },
      WRITTEN_LONG,
    ],
    [
      "a hint inside of a tool's result",
      {
        spec: user({
          type: "tool-result",
          toolCallId: "c",
          name: "f",
          content: [{ type: "text", text: "r", cacheHint: { ttl: "" } }],
          isError: false,
        }),
      },
      WRITTEN,
    ],
    ["a mark among the provider options", { options: { cache_control: {} } }, WRITTEN_LONG],
    [
      "a mark deep in the provider options",
      { options: { system: [{ cache_control: { type: "ephemeral", ttl: "1h" } }] } },
      WRITTEN_LONG,
    ],
    ["a key that only routes", { options: { prompt_cache_key: "k" } }, PLAIN],
    [
      "a mark at a tool of the provider",
      {
        spec: {
          tools: [{ type: "provider", provider: "p", config: { cache_control: { ttl: "1h" } } }],
        },
      },
      WRITTEN_LONG,
    ],
    ["a model that writes unasked", { wire: { promptCacheBreakpoints: true } }, WRITTEN],
    [
      "an unlisted long price",
      { spec: hinted("1h"), pricing: { ...PRICING, cacheWriteLongPicos: 0 } },
      WRITTEN,
    ],
    [
      "a hint beside the content of a tool's result",
      {
        spec: user({
          type: "tool-result",
          toolCallId: "c",
          name: "f",
          content: [{ type: "text", text: "r" }],
          isError: false,
          cacheHint: { ttl: "1h" },
        }),
      },
      WRITTEN_LONG,
    ],
    [
      "reads that are dearer than input",
      { pricing: { ...PRICING, cacheReadPicos: 10_000_000 } },
      WRITTEN,
    ],
    [
      "writes that are cheaper than input",
      { spec: hinted("1h"), pricing: { ...PRICING, cacheWritePicos: 1, cacheWriteLongPicos: 1 } },
      PLAIN,
    ],
  ])("%s", (_, given, tokens) => {
    expect(bought(given)).toBe(tokens);
  });

  const UNLISTED: Pricing = {
    currency: "USD",
    date: "2026-11-01",
    inputPicos: 0,
    outputPicos: 1,
    tiers: [],
  };
  it.each(["", "1h"])("free input stays free where no cache has a price, with %j", (ttl) => {
    expect(bought({ pricing: UNLISTED })).toBe(BUDGET.maxCostPicos);
    expect(bought({ pricing: UNLISTED, spec: hinted(ttl) })).toBe(BUDGET.maxCostPicos);
  });

  it("is exact to the trillionth where the writes just fit", () => {
    const exact = { maxCostPicos: 4_500 * 16_000_000 + 40_000_000, currency: "USD" };
    const model = testModel({ pricing: PRICING, parameters: LIMITED });
    const spec = testSpec(hinted("1h"));
    const input = inputBoundOf({ tokens: 4_500, confidence: 0.9 }, model, spec, {});
    expect(allowanceOf(exact, 0, model, input)).toEqual({ state: "affordable", outputTokens: 1 });
    expect(allowanceOf(exact, 1, model, input)).toMatchObject({ state: "refused" });
  });
});

describe("field:M12 the tier of a budget is that of the upper end of the estimate", () => {
  const tiered: Pricing = {
    ...PRICING,
    tiers: [
      { aboveInputTokens: 5_000, inputPicos: 16_000_000, outputPicos: 60_000_000 },
      { aboveInputTokens: 8_000, inputPicos: 20_000_000, outputPicos: 30_000_000 },
    ],
  };

  it.each([
    // At most 4,500 × 1.1 = 4,950: no tier.
    [4_500, 0.9, 1_600],
    // At most 4,500 × 1.12 = 5,040. 100,000,000,000 less 4,500 × 16,000,000, by 60,000,000.
    [4_500, 0.88, 466],
    // At most 8,100: input at 20,000,000, and output at the 60,000,000 of the tier between.
    [4_500, 0.2, 166],
    // The tier begins behind its bound: at most 5,000.
    [4_000, 0.75, 1_700],
    [4_000, 0.7499, 600],
  ])("%i tokens with a confidence of %f buy %i", (tokens, confidence, outputTokens) => {
    expect(bought({ pricing: tiered, tokens, confidence })).toBe(outputTokens);
  });
});

describe("what a budget cannot bound is refused, with the reason", () => {
  const INPUT = { tokens: 10, mostTokens: 10, cacheWrites: "none" } as const;
  const known = testModel({ pricing: PRICING, parameters: LIMITED });
  const reasonOf = (model: Partial<Model>, input: InputBound | undefined = INPUT): unknown =>
    allowanceOf(BUDGET, 0, { ...known, ...model }, input);

  it.each<[string, Partial<Model>]>([
    ["its price is unknown", { pricing: undefined }],
    ["its price is in EUR", { pricing: { ...PRICING, currency: "EUR" } }],
    ["it takes no limit of the output", { parameters: new Set() }],
  ])("%s", (reason, model) => {
    expect(reasonOf(model)).toEqual({ state: "refused", reason });
  });

  it("images and files, whose tokens nobody can tell before", () => {
    expect(allowanceOf(BUDGET, 0, known, undefined)).toEqual({
      state: "refused",
      reason: "what images and files cost is known once they are sent",
    });
  });

  it("an input that takes what earlier attempts have left", () => {
    // 10 × 8,000,000 and 40,000,000 for one token of output.
    const spentPicos = BUDGET.maxCostPicos - 120_000_000;
    expect(allowanceOf(BUDGET, spentPicos, known, INPUT)).toEqual({
      state: "affordable",
      outputTokens: 1,
    });
    expect(allowanceOf(BUDGET, spentPicos + 1, known, INPUT)).toEqual({
      state: "refused",
      reason: "10 tokens of input and one of output cost more than the 119999999 that are left",
    });
  });

  it("output that costs nothing has no bound", () => {
    expect(reasonOf({ pricing: { ...PRICING, outputPicos: 0 } })).toEqual({
      state: "affordable",
      outputTokens: Number.POSITIVE_INFINITY,
    });
  });
});
