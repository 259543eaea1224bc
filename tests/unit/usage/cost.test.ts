import { describe, expect, it } from "vitest";
import { addCost, type Cost, totalCost } from "../../../src/domain/cost.ts";
import type { Pricing } from "../../../src/domain/model.ts";
import type { TokenUsage } from "../../../src/domain/token-usage.ts";
import anthropic from "../../../src/providers/anthropic/models.json" with { type: "json" };
import openai from "../../../src/providers/openai/models.json" with { type: "json" };
import { costOf } from "../../../src/usage/cost.ts";

function shipped(id: string): Pricing {
  const records = [...openai, ...anthropic] as readonly { id: string; pricing?: Pricing }[];
  const pricing = records.find((record) => record.id === id)?.pricing;
  if (pricing === undefined) throw new Error(`no price of ${id}`);
  return pricing;
}

function usage(counts: Partial<TokenUsage>): TokenUsage {
  return { inputTokens: 0, outputTokens: 0, source: "provider", ...counts };
}

/** Prices per million of claude-3-haiku: 0.25 in, 1.25 out, 0.03 read, 0.3 write, 0.5 for an hour. */
const HAIKU: Pricing = {
  currency: "USD",
  date: "2024-03-13",
  inputPicos: 250_000,
  outputPicos: 1_250_000,
  cacheReadPicos: 30_000,
  cacheWritePicos: 300_000,
  cacheWriteLongPicos: 500_000,
  tiers: [],
};

describe("the cost of an attempt", () => {
  it("A-15: counts each input token once: uncached, read and written by time to live", () => {
    // 2,600 in = 100 uncached + 2,000 read + 500 written, of which 200 for an hour; 10 out.
    // 100 × 250,000 = 25,000,000; 2,000 × 30,000 = 60,000,000
    // 300 × 300,000 + 200 × 500,000 = 90,000,000 + 100,000,000 = 190,000,000
    // 10 × 1,250,000 = 12,500,000; together 287,500,000 trillionths = 0.0002875 USD
    const counts = {
      inputTokens: 2_600,
      outputTokens: 10,
      cacheReadTokens: 2_000,
      cacheWriteTokens: 500,
      cacheWriteLongTokens: 200,
    };
    expect(costOf(HAIKU, usage(counts))).toEqual({
      currency: "USD",
      totalPicos: 287_500_000,
      inputPicos: 25_000_000,
      cacheReadPicos: 60_000_000,
      cacheWritePicos: 190_000_000,
      outputPicos: 12_500_000,
      otherPicos: 0,
      source: "price-table",
      priceTableVersion: "2024-03-13",
    });
  });

  it.each<[Partial<TokenUsage>, Partial<Cost>]>([
    // 100 in are at most 100 read: 100 × 30,000.
    [{ cacheReadTokens: 101 }, { inputPicos: 0, cacheReadPicos: 3_000_000, cacheWritePicos: 0 }],
    // Of 100, 70 read leave 30 to be written: 70 × 30,000, 30 × 300,000.
    [
      { cacheReadTokens: 70, cacheWriteTokens: 50 },
      { inputPicos: 0, cacheReadPicos: 2_100_000, cacheWritePicos: 9_000_000 },
    ],
    // Of 20 written, 20 at most for an hour: 20 × 500,000; 80 others × 250,000.
    [
      { cacheWriteTokens: 20, cacheWriteLongTokens: 30 },
      { inputPicos: 20_000_000, cacheReadPicos: 0, cacheWritePicos: 10_000_000 },
    ],
  ])("counts no more cached tokens than there are in the input: %j", (counts, expected) => {
    expect(costOf(HAIKU, usage({ inputTokens: 100, ...counts }))).toMatchObject(expected);
  });

  it("A-17: has reasoning inside the output, and not beside it", () => {
    // 7 × 2,000,000 + 100 × 10,000,000: gpt-6.2-sol at 2 and 10 per million.
    const counts = { inputTokens: 7, outputTokens: 100, reasoningTokens: 90 };
    expect(costOf(shipped("gpt-6.2-sol"), usage(counts))?.totalPicos).toBe(1_014_000_000);
  });

  it.each([
    // gpt-6.2-sol: 2 and 10 per million up to 272,000 tokens, 4 and 15 for all of a longer prompt.
    // 272,000 × 2,000,000 + 3 × 10,000,000 = 544,000,000,000 + 30,000,000
    ["gpt-6.2-sol", 272_000, 544_030_000_000],
    // 272,001 × 4,000,000 + 3 × 15,000,000 = 1,088,004,000,000 + 45,000,000
    ["gpt-6.2-sol", 272_001, 1_088_049_000_000],
    // gpt-6.2-astra: 8 and 40, above 272,000 16 and 60.
    // 272,000 × 8,000,000 + 3 × 40,000,000; 272,001 × 16,000,000 + 3 × 60,000,000
    ["gpt-6.2-astra", 272_000, 2_176_120_000_000],
    ["gpt-6.2-astra", 272_001, 4_352_196_000_000],
  ])("%s with %i tokens in is %i: the tier begins behind its bound", (id, inputTokens, picos) => {
    expect(costOf(shipped(id), usage({ inputTokens, outputTokens: 3 }))?.totalPicos).toBe(picos);
  });

  it("prices every shipped tier exactly at its bound", () => {
    const records = [...openai, ...anthropic] as readonly { id: string; pricing?: Pricing }[];
    const tiered = records.flatMap(({ pricing }) =>
      pricing === undefined ? [] : pricing.tiers.map((tier) => ({ pricing, tier })),
    );
    expect(tiered.length).toBeGreaterThan(5);
    for (const { pricing, tier } of tiered) {
      const bound = tier.aboveInputTokens;
      const at = costOf(pricing, usage({ inputTokens: bound }))?.totalPicos;
      const above = costOf(pricing, usage({ inputTokens: bound + 1 }))?.totalPicos;
      expect(at).toBe(bound * pricing.inputPicos);
      expect(above).toBe((bound + 1) * (tier.inputPicos ?? pricing.inputPicos));
    }
  });

  it("takes the highest tier exceeded, in whatever order the table has them", () => {
    const tiers = [
      { aboveInputTokens: 20, inputPicos: 5 },
      { aboveInputTokens: 10, inputPicos: 3 },
    ];
    const pricing: Pricing = {
      currency: "USD",
      date: "2026",
      inputPicos: 1,
      outputPicos: 0,
      tiers,
    };
    const at = (inputTokens: number) => costOf(pricing, usage({ inputTokens }))?.totalPicos;
    expect([10, 11, 20, 21].map(at)).toEqual([10, 33, 60, 105]);
  });

  it("prices cached tokens as others where their price is not listed", () => {
    const pricing: Pricing = {
      currency: "USD",
      date: "2026",
      inputPicos: 9,
      outputPicos: 1,
      tiers: [],
    };
    const counts = { inputTokens: 10, cacheReadTokens: 3, cacheWriteTokens: 4 };
    // 3 × 9 + 3 × 9 + 4 × 9
    expect(costOf(pricing, usage(counts))?.totalPicos).toBe(90);
    // What stays for long costs as much as other writes: 3 × 9 + 3 × 9 + 4 × 11.
    const written = { ...pricing, cacheWritePicos: 11 };
    const long = usage({ ...counts, cacheWriteLongTokens: 2 });
    expect(costOf(written, long)?.totalPicos).toBe(98);
  });

  it("is the provider's own price where it reports one, to the tick", () => {
    // 1,721,250 ticks of 1e-10 USD = 172,125,000 trillionths
    const reported = { currency: "USD", picos: 172_125_000 };
    expect(costOf(HAIKU, usage({ inputTokens: 32 }), reported)).toEqual({
      currency: "USD",
      totalPicos: 172_125_000,
      inputPicos: 0,
      cacheReadPicos: 0,
      cacheWritePicos: 0,
      outputPicos: 0,
      otherPicos: 172_125_000,
      source: "provider",
      priceTableVersion: "",
    });
    expect(costOf(undefined, usage({}), { ...reported, picos: 2 ** 53 })).toBeUndefined();
  });

  it("is unset where the price is unknown, or too large to be exact, and 0 where it is 0", () => {
    const counts = usage({ inputTokens: 2_000_000_000, outputTokens: 1 });
    expect(costOf(undefined, counts)).toBeUndefined();
    const huge: Pricing = { ...HAIKU, inputPicos: 1e12 };
    expect(costOf(huge, counts)).toBeUndefined();
    const free: Pricing = { ...HAIKU, inputPicos: 0, outputPicos: 0 };
    expect(costOf(free, counts)?.totalPicos).toBe(0);
  });
});

describe("the cost of several attempts", () => {
  const one = costOf(HAIKU, usage({ inputTokens: 1 })) as Cost;
  const reported = costOf(HAIKU, usage({}), { currency: "USD", picos: 7 }) as Cost;

  it("is their sum, which says where it comes from", () => {
    expect(addCost(one, reported)).toMatchObject({
      totalPicos: 250_007,
      source: "mixed",
      priceTableVersion: "2024-03-13",
    });
    const counts = usage({});
    expect(
      totalCost([{ usage: counts, cost: one }, {}, { usage: counts, cost: one }]),
    ).toMatchObject({
      totalPicos: 500_000,
      source: "price-table",
    });
  });

  it("is unset where a part is unknown, and where nothing was used", () => {
    expect(totalCost([{ usage: usage({}), cost: one }, { usage: usage({}) }])).toBeUndefined();
    expect(totalCost([{}])).toBeUndefined();
    expect(addCost(one, { ...one, currency: "EUR" })).toBeUndefined();
  });
});
