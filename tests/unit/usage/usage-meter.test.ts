import { describe, expect, it } from "vitest";
import { estimateInput, estimateText } from "../../../src/usage/estimator.ts";
import { createUsageMeter } from "../../../src/usage/usage-meter.ts";
import { testSpec } from "../../support/provider-request.ts";

describe("estimateText", () => {
  it.each([
    ["Hello world", "openai", 3],
    ["Hello, world!", "openai", 3],
    ["The quick brown fox", "openai", 5],
    ["import numpy as np", "openai", 5],
    ["def main():", "openai", 3],
    ["", "openai", 0],
    ["🚀🌟✨", "openai", 1],
    ["👋🌍", "openai", 1],
    ["café", "openai", 1],
    ["   ", "openai", 1],
    ["\n\n", "openai", 1],
    ["x".repeat(40), "openai", 10],
    ["x".repeat(100), "simulator", 25],
    ["x".repeat(35), "anthropic", 10],
    ["x".repeat(42), "xai", 10],
  ])("counts %j of %s as %i", (text, type, tokens) => {
    expect(estimateText(type, text).tokens).toBe(tokens);
  });

  it("names its rule", () => {
    expect(estimateText("anthropic", "x")).toMatchObject({
      estimator: "chars/3.5",
      confidence: 0.7,
    });
  });
});

describe("estimateInput", () => {
  it("counts messages, tools and their overhead", () => {
    const text = (value: string) => [{ type: "text" as const, text: value }];
    const spec = testSpec({
      messages: [
        { role: "system", parts: text("You are helpful") },
        { role: "user", parts: text("Hello") },
      ],
    });
    expect(estimateInput("openai", spec).tokens).toBe(13);
  });
});

describe("createUsageMeter", () => {
  const output = { role: "assistant", parts: [{ type: "text", text: "x".repeat(40) }] } as const;

  it("takes the provider's counts as they are, the last of each", () => {
    const meter = createUsageMeter("openai", testSpec());
    meter.report({ inputTokens: 10, outputTokens: 1, cacheReadTokens: 4 });
    meter.report({ outputTokens: 7 });
    expect(meter.usage(output)).toEqual({
      inputTokens: 10,
      outputTokens: 7,
      cacheReadTokens: 4,
      source: "provider",
    });
  });

  it("says what it had to estimate", () => {
    const broken = createUsageMeter("openai", testSpec());
    broken.report({ inputTokens: 10 });
    expect(broken.usage(output)).toMatchObject({
      inputTokens: 10,
      outputTokens: 10,
      source: "mixed",
      estimator: "chars/4",
    });
    const silent = createUsageMeter("openai", testSpec());
    expect(silent.usage(output)).toMatchObject({ outputTokens: 10, source: "estimated" });
  });
});
