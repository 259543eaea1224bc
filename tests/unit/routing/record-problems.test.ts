import { describe, expect, it } from "vitest";
import { recordProblems } from "../../../src/routing/record-problems.ts";

const pricing = { currency: "USD", date: "2026-11-01", inputPicos: 1, outputPicos: 2, tiers: [] };

/** The problems of records as a data file gives them: nobody has checked their types. */
function problems(...records: readonly object[]): string[] {
  const parsed = JSON.parse(
    JSON.stringify(records.map((each) => ({ id: "m", capabilities: [], parameters: [], ...each }))),
  );
  return recordProblems(parsed, ["chat"]);
}

describe("recordProblems", () => {
  it("finds nothing in a sound record", () => {
    const record = {
      aliases: ["m-2026"],
      capabilities: ["generate"],
      parameters: ["sampling.seed"],
      rules: [{ refuses: "tools", together: "sampling.seed", dialect: "chat" }],
      efforts: ["none", "low", "xhigh"],
      dialectEfforts: { chat: ["low"] },
      defaultEffort: "low",
      dialect: "chat",
      contextWindow: 10,
      endDate: "2027-01-14",
      pricing: { ...pricing, tiers: [{ aboveInputTokens: 5, inputPicos: 2 }] },
    };
    expect(problems(record, { id: "n" })).toEqual([]);
  });

  it.each<[string, object]>([
    ["unknown capability fly", { capabilities: ["fly"] }],
    ["capability tools is there twice", { capabilities: ["tools", "tools"] }],
    ["unknown parameter temperature", { parameters: ["temperature"] }],
    ["unknown dialect morse", { dialect: "morse" }],
    ["unknown dialect morse", { dialectEfforts: { morse: [] } }],
    ["unknown use in a rule stop", { rules: [{ refuses: "stop" }] }],
    ["unknown use in a rule stop", { rules: [{ refuses: "tools", together: "stop" }] }],
    ["unknown dialect morse", { rules: [{ refuses: "tools", dialect: "morse" }] }],
    [
      "effort low is not among its efforts",
      { rules: [{ refuses: "tools", unlessEffort: ["low"] }] },
    ],
    ["effort high is not among its efforts", { efforts: ["low"], defaultEffort: "high" }],
    ["effort high is not among its efforts", { dialectEfforts: { chat: ["high"] } }],
    ["unknown effort huge", { efforts: ["low", "huge"] }],
    ["efforts do not rise", { efforts: ["high", "low"] }],
    ["contextWindow is 0", { contextWindow: 0 }],
    ["maxOutputTokens is 1.5", { maxOutputTokens: 1.5 }],
    ["endDate is soon", { endDate: "soon" }],
    ["alias a is there twice", { aliases: ["a", "a"] }],
    ["pricing.currency is usd", { pricing: { ...pricing, currency: "usd" } }],
    ["pricing.date is today", { pricing: { ...pricing, date: "today" } }],
    [
      "pricing needs inputPicos and outputPicos",
      { pricing: { ...pricing, outputPicos: undefined } },
    ],
    ["pricing.inputPicos is -1", { pricing: { ...pricing, inputPicos: -1 } }],
    ["pricing.cacheReadPicos is 0.5", { pricing: { ...pricing, cacheReadPicos: 0.5 } }],
    [
      "pricing.inputPicos is -2",
      { pricing: { ...pricing, tiers: [{ aboveInputTokens: 1, inputPicos: -2 }] } },
    ],
    [
      "pricing.tiers do not rise",
      { pricing: { ...pricing, tiers: [{ aboveInputTokens: 5 }, { aboveInputTokens: 5 }] } },
    ],
  ])("says %s of %j", (problem, record) => {
    expect(problems(record)).toContain(`m: ${problem}`);
  });

  it.each([
    [{ id: "M" }],
    [{ id: "n", aliases: ["m"] }],
    [{ id: "n", displayName: "M" }],
    [{ id: "n", providerModel: "m" }],
  ])("says whose name %j has taken", (record) => {
    expect(problems({}, record)).toEqual([
      expect.stringMatching(/^[nM]: the name [mM] belongs to m$/),
    ]);
  });
});
