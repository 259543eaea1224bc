import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/sources.ts";
import { createPriceOverrider } from "../../../src/routing/price-overrider.ts";
import { fromEnvironment } from "../../support/config-file.ts";
import { testModel } from "../../support/provider-request.ts";

function inJson(value: unknown) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return fromEnvironment({ STEER_PRICING_OVERRIDES_JSON: text }).priceOverrides;
}

function withFile<T>(text: string, read: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "steer-prices-"));
  const file = join(folder, "prices.json");
  try {
    writeFileSync(file, text);
    return read(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mistake(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "no mistake";
}

describe("price overrides", () => {
  it("are per million tokens and become whole trillionths", () => {
    const overrides = inJson({
      "gpt-x": {
        input: 0.1,
        output: 2.5,
        cache_read: 0.000001,
        cache_write: 0.3,
        cache_write_long: 0.7,
        tiers: [{ above_input_tokens: 1000, input: 0.2 }],
      },
    });
    expect(overrides?.byModel).toEqual({
      "gpt-x": {
        prices: {
          inputPicos: 100_000,
          outputPicos: 2_500_000,
          cacheReadPicos: 1,
          cacheWritePicos: 300_000,
          cacheWriteLongPicos: 700_000,
        },
        tiers: [{ aboveInputTokens: 1000, inputPicos: 200_000 }],
      },
    });
  });

  it("have a version of their content: the same for the same, another for another", () => {
    const a = inJson({ m: { input: 1, output: 2 } })?.version;
    expect(a).toMatch(/^overrides-[0-9a-f]{12}$/);
    expect(inJson({ m: { output: 2, input: 1 } })?.version).toBe(a);
    expect(inJson({ m: { input: 1, output: 3 } })?.version).not.toBe(a);
  });

  it("come from a file, and from the environment before it", () => {
    withFile('{"m": {"input": 1, "output": 2}}', (file) => {
      const environment = { STEER_PRICING_OVERRIDES_FILE: file };
      const { priceOverrides } = fromEnvironment(environment);
      expect(priceOverrides?.byModel["m"]?.prices.inputPicos).toBe(1_000_000);
      const json = '{"m": {"input": 9, "output": 9}}';
      const both = fromEnvironment({ ...environment, STEER_PRICING_OVERRIDES_JSON: json });
      expect(both.priceOverrides?.byModel["m"]?.prices.inputPicos).toBe(9_000_000);
    });
    expect(fromEnvironment({}).priceOverrides).toBeUndefined();
  });

  it.each([
    ["{", "STEER_PRICING_OVERRIDES_JSON: not JSON"],
    ["[]", "STEER_PRICING_OVERRIDES_JSON: must be a mapping"],
    ['{"m": 5}', "STEER_PRICING_OVERRIDES_JSON: m: must be a mapping"],
    ['{"m": {}}', "STEER_PRICING_OVERRIDES_JSON: m: has no price"],
    ['{"m": {"input": 1}}', "m: set input and output together"],
    ['{"m": {"input": -1, "output": 1}}', "m.input: must be a number that is not negative"],
    [
      '{"m": {"input": 0.0000001, "output": 1}}',
      "m.input: must be a price per million tokens with",
    ],
    ['{"m": {"inptu": 1}}', "m.inptu: unknown key; did you mean input?"],
    ['{"m": {"cache_read": 1, "currency": "EUR"}}', "m.currency: needs input and output"],
    ['{"m": {"input": 1, "output": 1, "currency": "euro"}}', "m.currency: must be an ISO 4217"],
    [
      '{"m": {"input": 1, "output": 1, "tiers": [{"input": 2}]}}',
      "m.tiers[0].above_input_tokens: is required",
    ],
  ])("%s is refused with its place", (text, message) => {
    expect(mistake(() => inJson(text))).toContain(message);
  });

  it("of a file are refused with file and line", () => {
    withFile('{"a": {"input": 1, "output": 1},\n "b": {"output": 1}}', (file) => {
      const read = () => fromEnvironment({ STEER_PRICING_OVERRIDES_FILE: file });
      expect(mistake(read)).toBe(`${file}:2: b: set input and output together`);
    });
    const missing = () => fromEnvironment({ STEER_PRICING_OVERRIDES_FILE: "/nowhere/at.all" });
    expect(mistake(missing)).toContain("/nowhere/at.all: cannot be read (ENOENT)");
  });
});

describe("models with overrides", () => {
  const pricing = {
    currency: "EUR",
    date: "2026-01",
    inputPicos: 1,
    outputPicos: 2,
    cacheReadPicos: 3,
    tiers: [{ aboveInputTokens: 5, inputPicos: 9 }],
  };

  it("have the operator's prices whole, or those of cached tokens alone, under their version", () => {
    const overrider = createPriceOverrider({
      version: "v",
      byModel: {
        one: { prices: { inputPicos: 7, outputPicos: 8 }, tiers: [] },
        "test/one": { prices: { inputPicos: 4, outputPicos: 4 }, tiers: [] },
        two: { prices: { cacheReadPicos: 6 }, tiers: [] },
      },
    });
    const models = [
      testModel({ id: "one", pricing }),
      testModel({ id: "one", provider: "other" }),
      testModel({ id: "two", pricing }),
      testModel({ id: "three", pricing }),
    ];
    expect(overrider.reprice(models).map((model) => model.pricing)).toEqual([
      { currency: "EUR", date: "v", inputPicos: 4, outputPicos: 4, tiers: [] },
      { currency: "USD", date: "v", inputPicos: 7, outputPicos: 8, tiers: [] },
      { ...pricing, cacheReadPicos: 6, date: "v" },
      pricing,
    ]);
    expect(overrider.unused()).toEqual([]);
    expect(overrider.problems()).toEqual([]);
  });

  it("say what is of no use", () => {
    const cached = { prices: { cacheReadPicos: 6 }, tiers: [] };
    const overrider = createPriceOverrider({ version: "v", byModel: { a: cached, b: cached } });
    overrider.reprice([testModel({ id: "a" })]);
    expect(overrider.unused()).toEqual(["b"]);
    expect(overrider.problems()).toEqual(["a: test/a has no listed price: set input and output"]);
  });
});
