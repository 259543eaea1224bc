import { afterAll, describe, expect, it } from "vitest";
import type { GenerationSpec } from "../../../src/domain/generation-spec.ts";
import type { Model, Pricing } from "../../../src/domain/model.ts";
import { checkCurrency, payFor } from "../../../src/gateway/pay-for.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const counter = testCounter(createManualClock(), "character");
afterAll(() => counter.close());

const PRICING: Pricing = {
  currency: "USD",
  date: "2026-01-01",
  inputPicos: 0,
  outputPicos: 10,
  tiers: [],
};
const PARAMETERS = { parameters: new Set(["sampling.max_output_tokens"] as const) };

function pay(
  maxCostPicos: number,
  model: Partial<Model> = {},
  spec: Partial<GenerationSpec> = {},
  spentPicos = 0,
) {
  const target = { model: testModel({ pricing: PRICING, ...PARAMETERS, ...model }), options: {} };
  const call = { result: { spentPicos: () => spentPicos } as never, counter };
  return payFor(call, target, testSpec({ budget: { maxCostPicos, currency: "USD" }, ...spec }));
}

describe("payFor", () => {
  it("leaves a request without a budget as it is", () => {
    const spec = testSpec();
    const target = { model: testModel(), options: {} };
    expect(payFor({ result: {} as never, counter }, target, spec)).toEqual({
      spec,
      isLimited: false,
    });
  });

  it.each<[string, Partial<Model>, Partial<GenerationSpec>]>([
    ["the request", {}, { sampling: { maxOutputTokens: 100 } }],
    ["the model", { maxOutputTokens: 100 }, {}],
    ["the context window", { contextWindow: 100 }, {}],
    [
      "the least of all",
      { maxOutputTokens: 100, contextWindow: 900 },
      { sampling: { maxOutputTokens: 500 } },
    ],
  ])("limits nothing that %s limits to as much", (_, model, spec) => {
    const enough = pay(1_000, model, spec);
    expect(enough.isLimited).toBe(false);
    expect(enough.spec.sampling).toEqual(spec.sampling ?? {});
    const less = pay(999, model, spec);
    expect(less.isLimited).toBe(true);
    expect(less.spec.sampling.maxOutputTokens).toBe(99);
  });

  it("pays with what earlier attempts have left", () => {
    expect(pay(1_000, {}, {}, 900).spec.sampling.maxOutputTokens).toBe(10);
  });

  it("says what does not pay for which target", () => {
    const refuse = () => pay(1_000, { provider: "a", id: "m" }, {}, 995);
    expect(refuse).toThrow(/^spec\.budget does not pay for a\/m: /);
    try {
      refuse();
    } catch (error) {
      expect(error).toMatchObject({
        kind: "budget",
        metadata: {
          limit: "spec.budget.max_cost_picos",
          max_cost_picos: "1000",
          spent_picos: "995",
          provider: "a",
        },
      });
    }
  });
});

describe("checkCurrency", () => {
  const budget = { maxCostPicos: 1, currency: "EUR" };
  const priced = (currency: string) => testModel({ pricing: { ...PRICING, currency } });

  it.each([
    ["no budget", {}, [priced("USD")]],
    ["a target with it", { budget }, [priced("USD"), priced("EUR")]],
    ["no prices at all", { budget }, [testModel()]],
  ])("takes %s", (_, spec, models) => {
    expect(() => checkCurrency(testSpec(spec), models)).not.toThrow();
  });

  it("refuses one that no target has, and lists each that there is once", () => {
    const models = [priced("USD"), priced("USD"), priced("GBP"), testModel()];
    expect(() => checkCurrency(testSpec({ budget }), models)).toThrow(
      expect.objectContaining({
        kind: "validation",
        violations: [{ field: "spec.budget.currency_code", description: "prices are in USD, GBP" }],
      }) as Error,
    );
  });
});
