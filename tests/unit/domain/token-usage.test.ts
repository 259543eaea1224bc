import { expect, it } from "vitest";
import { addUsage, type TokenUsage } from "../../../src/domain/token-usage.ts";

const reported: TokenUsage = {
  inputTokens: 10,
  outputTokens: 2,
  cacheReadTokens: 4,
  source: "provider",
};
const counted: TokenUsage = {
  inputTokens: 3,
  outputTokens: 4,
  source: "estimated",
  estimator: "o200k_base",
  confidence: 0.95,
};
const guessed: TokenUsage = { ...counted, estimator: "script-v1", confidence: 0.6 };

it("a sum of attempts is mixed where they differ, and what was not reported stays so", () => {
  expect(addUsage(reported, undefined)).toEqual(reported);
  expect(addUsage(undefined, undefined)).toBeUndefined();
  expect(addUsage(reported, reported)).toEqual({
    inputTokens: 20,
    outputTokens: 4,
    cacheReadTokens: 8,
    source: "provider",
  });
  expect(addUsage(reported, counted)).toEqual({
    inputTokens: 13,
    outputTokens: 6,
    cacheReadTokens: 4,
    source: "mixed",
    estimator: "o200k_base",
    confidence: 0.95,
  });
});

it("the estimate that is trusted less speaks for a sum", () => {
  for (const [a, b] of [
    [counted, guessed],
    [guessed, counted],
  ] as const) {
    expect(addUsage(a, b)).toMatchObject({
      source: "estimated",
      estimator: "script-v1",
      confidence: 0.6,
    });
  }
});
