import { describe, expect, it } from "vitest";
import { didYouMean, nearNames } from "../../../src/domain/near-names.ts";

const MODELS = ["gpt-6-sol", "gpt-6-luna", "claude-sonnet-5", "grok-4.7", "simulator"];

describe("nearNames", () => {
  it.each([
    ["gpt-6-soll", ["gpt-6-sol", "gpt-6-luna"]],
    ["GPT-6-SOL", ["gpt-6-sol", "gpt-6-luna"]],
    ["sonnet", ["claude-sonnet-5"]],
    ["simulator-v2", ["simulator"]],
    ["grok-4.8", ["grok-4.7"]],
    ["zz", []],
    ["6", []],
  ])("takes %s for %j", (name, expected) => {
    expect(nearNames(name, MODELS)).toEqual(expected);
  });

  it("gives at most five, each once", () => {
    const names = ["aab", "aac", "aad", "aae", "aaf", "aag", "aab"];
    expect(nearNames("aaa", names)).toEqual(["aab", "aac", "aad", "aae", "aaf"]);
  });
});

describe("didYouMean", () => {
  it("is silent where nothing is near", () => {
    expect(didYouMean("addres", ["address", "tls"])).toBe("; did you mean address?");
    expect(didYouMean("nothing", ["address", "tls"])).toBe("");
  });
});
