import { describe, expect, it } from "vitest";
import type { Pricing } from "../../../src/domain/model.ts";
import { orderTargets, type TargetMeasures } from "../../../src/routing/order-targets.ts";
import { testModel } from "../../support/provider-request.ts";

const price = (
  inputPicos: number,
  outputPicos: number,
  changes: Partial<Pricing> = {},
): Pricing => ({ currency: "USD", date: "2026", inputPicos, outputPicos, tiers: [], ...changes });
const target = (provider: string, pricing?: Pricing) => ({
  model: testModel({ provider, pricing }),
});
const measures = (changes: Partial<TargetMeasures> = {}): TargetMeasures => ({
  inputTokens: 1_000,
  maxOutputTokens: 100,
  latencyMs: () => undefined,
  ...changes,
});
const names = (targets: readonly { model: { provider: string } }[]): string =>
  targets.map(({ model }) => model.provider).join("");

describe("orderTargets", () => {
  it("leaves an ordered list as it is, without measuring", () => {
    const targets = [target("b", price(9, 9)), target("a", price(1, 1))];
    const refuse = (): TargetMeasures => {
      throw new Error("measured");
    };
    expect(orderTargets(targets, "ordered", refuse)).toBe(targets);
  });

  it("puts the cheapest first by what this request would cost", () => {
    const targets = [target("a", price(1, 50)), target("b", price(4, 4)), target("c", price(2, 2))];
    const cost = (maxOutputTokens: number | undefined, inputTokens = 1_000) =>
      names(orderTargets(targets, "lowest-cost", () => measures({ maxOutputTokens, inputTokens })));
    expect(cost(10)).toBe("acb");
    expect(cost(undefined)).toBe("cba");
  });

  it("knows the price of long prompts", () => {
    const tiered = price(1, 1, {
      tiers: [{ aboveInputTokens: 500, inputPicos: 90, outputPicos: 90 }],
    });
    const targets = [target("a", tiered), target("b", price(2, 2))];
    const by = (inputTokens: number) =>
      names(orderTargets(targets, "lowest-cost", () => measures({ inputTokens })));
    expect(by(500)).toBe("ab");
    expect(by(501)).toBe("ba");
  });

  it("puts unknown prices and other currencies last, in their order", () => {
    const targets = [
      target("a"),
      target("b", price(9, 9)),
      target("c", price(1, 1, { currency: "EUR" })),
      target("d", price(2, 2)),
    ];
    expect(names(orderTargets(targets, "lowest-cost", measures))).toBe("dbac");
  });

  it("puts the fastest first, and lets targets be measured that are not", () => {
    const latency: Record<string, number | undefined> = { a: 900, b: 300, c: undefined };
    const latencyMs = ({ provider }: { provider: string }) => latency[provider];
    const targets = [target("a"), target("b"), target("c")];
    expect(names(orderTargets(targets, "lowest-latency", () => measures({ latencyMs })))).toBe(
      "cba",
    );
  });

  it("keeps equal ones in their order", () => {
    const targets = [target("b"), target("a"), target("c")];
    expect(names(orderTargets(targets, "lowest-cost", measures))).toBe("bac");
    expect(names(orderTargets(targets, "lowest-latency", measures))).toBe("bac");
  });
});
