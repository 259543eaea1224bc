import { describe, expect, it } from "vitest";
import type { GenerationSpec } from "../../../src/domain/generation-spec.ts";
import { boundSpec } from "../../../src/gateway/bound-spec.ts";
import { testSpec } from "../../support/provider-request.ts";

const NONE = { maxOutputTokens: undefined, maxCostPerCall: undefined, needsOutputLimit: false };

function bound(asked: Partial<GenerationSpec>, bounds: Partial<Parameters<typeof boundSpec>[1]>) {
  const { spec, warnings } = boundSpec({ ...testSpec(), ...asked }, { ...NONE, ...bounds });
  return [spec.sampling.maxOutputTokens, spec.budget, warnings.map(({ field }) => field)];
}

const OUTPUT = "sampling.max_output_tokens";
const COST = "budget.max_cost_picos";
const usd = (maxCostPicos: number) => ({ currency: "USD", maxCostPicos });

describe("the bounds of each call", () => {
  it.each<[number | undefined, Parameters<typeof bound>[1], number | undefined, string[]]>([
    [undefined, {}, undefined, []],
    [undefined, { maxOutputTokens: 50 }, 50, [OUTPUT]],
    [40, { maxOutputTokens: 50 }, 40, []],
    [60, { maxOutputTokens: 50 }, 50, [OUTPUT]],
    [undefined, { needsOutputLimit: true }, 4_096, [OUTPUT]],
    [9_000, { needsOutputLimit: true }, 9_000, []],
    [undefined, { needsOutputLimit: true, maxOutputTokens: 50 }, 50, [OUTPUT]],
  ])("output asked %o, bounds %o: %o", (maxOutputTokens, bounds, expected, fields) => {
    const sampling = maxOutputTokens === undefined ? {} : { maxOutputTokens };
    expect(bound({ sampling }, bounds)).toEqual([expected, undefined, fields]);
  });

  it.each([
    [undefined, usd(100), [COST]],
    [usd(90), usd(90), []],
    [usd(110), usd(100), [COST]],
  ])("budget asked %o: %o", (budget, expected, fields) => {
    const bounds = { maxCostPerCall: { currency: "USD", picos: 100 } };
    const asked = budget === undefined ? {} : { budget };
    expect(bound(asked, bounds)).toEqual([undefined, expected, fields]);
  });

  it("a budget in another currency is refused", () => {
    const bounds = { maxCostPerCall: { currency: "EUR", picos: 100 } };
    expect(() => bound({ budget: usd(1) }, bounds)).toThrow(
      "spec.budget.currency_code: the caller's limits are in EUR",
    );
  });
});
