import { describe, expect, it } from "vitest";
import type { FunctionTool, GenerationSpec, Tool } from "../../../src/domain/generation-spec.ts";
import * as types from "../../../src/providers/registry.ts";
import { fitTarget } from "../../../src/routing/fit-target.ts";
import { createModelRegistry } from "../../../src/routing/model-registry.ts";
import { recordProblems } from "../../../src/routing/record-problems.ts";
import { testSpec } from "../../support/provider-request.ts";

const registryOf = (dialect?: string) =>
  createModelRegistry(
    Object.entries(types).map(([id, type]) => ({
      id,
      type: id,
      dialects: type.dialects,
      listedParameters: type.listedParameters,
      takes: type.takes,
      goesBack: type.goesBack,
      dialect: id === "openai" && dialect ? dialect : type.defaultDialect(type.defaultBaseUrl),
      tokens: type.tokens,
      prefill: type.prefill,
      traceContext: false,
      unaryUpstream: () => "auto",
      limits: (dialect) => type.limits(dialect, type.defaultBaseUrl),
      timeouts: undefined,
      models: type.models,
      unlistedModels: false,
    })),
    [],
  );

const registry = registryOf();
const onChat = registryOf("chat");
const tool: FunctionTool = {
  type: "function",
  name: "f",
  description: "",
  parametersJsonSchema: "{}",
};
const tools: Tool[] = [tool];
const temperature = { temperature: 0.5 };

/** What becomes of a request: why it is refused, or the effort and the fields that are dropped. */
function outcome(
  name: string,
  changes: Partial<GenerationSpec>,
  models: typeof registry = registry,
): string {
  const [model] = models.lookup(name);
  if (model === undefined) return "no model";
  const fit = fitTarget(testSpec(changes), model);
  if (fit.state === "ineligible") return fit.reason;
  return [fit.effort ?? "-", ...fit.warnings.map(({ field }) => field)].join(" ");
}

describe("the built-in models", () => {
  it.each(Object.entries(types))("of %s have sound records", (_, type) => {
    expect(recordProblems(type.models, Object.keys(type.dialects))).toEqual([]);
  });

  it("are found by each of their names, which belong to nobody else", () => {
    expect(registry.list.length).toBeGreaterThan(55);
    for (const model of registry.list) {
      const { id, displayName, providerModel, aliases, provider } = model;
      for (const name of [id, displayName, providerModel, ...aliases]) {
        expect(registry.lookup(name)).toEqual([model]);
        expect(registry.lookup(`${provider}/${name}`)).toEqual([model]);
      }
    }
  });

  it.each([
    ["gpt-4o-2024-11-20", "gpt-4o"],
    ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
    ["gpt-5.6", "gpt-5.6-sol"],
    ["grok-4.20", "grok-4.20-0309-reasoning"],
  ])("answer to %s", (alias, id) => {
    expect(registry.lookup(alias).map((model) => model.id)).toEqual([id]);
  });

  it.each(["gpt-4", "gpt-3.5-turbo", "o4-mini", "claude-3-haiku-20240307", "grok-beta"])(
    "are never another model: %s is gone",
    (name) => {
      expect(() => registry.lookup(name)).toThrow(`no model "${name}"`);
    },
  );

  it.each([
    ["gpt-5.6-sol", 272_000, 4_000_000, 8_000_000],
    ["claude-haiku-5-5", 100_000, 100_000, 500_000],
    // "From 200K on": 200,000 tokens cost the higher price.
    ["grok-4.7", 199_999, 2_000_000, 4_000_000],
  ])("cost more above a prompt length: %s", (name, above, inputPicos, tierPicos) => {
    const [model] = registry.lookup(name);
    expect(model?.pricing).toMatchObject({
      inputPicos,
      tiers: [{ aboveInputTokens: above, inputPicos: tierPicos }],
    });
  });

  it.each([
    ["gpt-5.1", { reasoning: { effort: "max" } }, "high"],
    ["gpt-6-astra", { reasoning: { effort: "none" } }, "- reasoning.effort"],
    ["gpt-6-astra", { sampling: temperature }, "- sampling.temperature"],
    ["gpt-6-sol", { sampling: temperature }, "- sampling.temperature"],
    ["gpt-6-sol", { sampling: temperature, reasoning: { effort: "none" } }, "none"],
    ["gpt-6-sol", { tools, reasoning: { effort: "high" } }, "high"],
    ["claude-haiku-4-5", { reasoning: { effort: "max" } }, "- reasoning.effort"],
    ["claude-opus-4-6", { reasoning: { effort: "max" } }, "max"],
    ["claude-opus-4-6", { sampling: temperature }, "-"],
    [
      "claude-opus-4-6",
      { sampling: temperature, reasoning: { effort: "low" } },
      "low sampling.temperature",
    ],
    ["claude-opus-4-6", { sampling: { ...temperature, topP: 0.5 } }, "- sampling.top_p"],
    ["claude-fable-5-2", { sampling: temperature }, "- sampling.temperature"],
    ["claude-fable-5-2", { tools, toolChoice: { mode: "required" } }, "a forced tool choice"],
    ["claude-sonnet-5", { tools, toolChoice: { mode: "required" } }, "-"],
    ["claude-sonnet-5", { outputFormat: { type: "json-object" } }, "JSON output without a schema"],
    [
      "grok-4.7",
      { sampling: { seed: 1, stopSequences: ["x"] } },
      "- sampling.seed sampling.stop_sequences",
    ],
    ["grok-4.20-multi-agent", { tools }, "tools"],
  ] satisfies [string, Partial<GenerationSpec>, string][])(
    "at their vendor: %s, %j: %s",
    (name, changes, expected) => {
      expect(outcome(name, changes)).toBe(expected);
    },
  );

  it.each([
    ["gpt-6.2-sol", { tools }, "tools on the chat dialect"],
    ["gpt-6.2-sol", { reasoning: { effort: "max" } }, "xhigh"],
    [
      "gpt-6-sol",
      { tools },
      "tools with reasoning effort medium (only with none) on the chat dialect",
    ],
    ["gpt-6-sol", { tools, reasoning: { effort: "none" } }, "none"],
    ["gpt-5.4", { tools }, "-"],
    [
      "gpt-5.4",
      { tools, reasoning: { effort: "high" } },
      "tools with reasoning effort high on the chat dialect",
    ],
    ["gpt-4.1", { tools, sampling: { stopSequences: ["x"], seed: 1 } }, "-"],
  ] satisfies [string, Partial<GenerationSpec>, string][])(
    "of OpenAI on Chat Completions: %s, %j: %s",
    (name, changes, expected) => {
      expect(outcome(name, changes, onChat)).toBe(expected);
    },
  );

  it("are called on Responses alone where they exist there alone", () => {
    const only = onChat.list.filter(({ dialect }) => dialect === "responses").map(({ id }) => id);
    expect(only).toEqual([
      "gpt-5.5-pro",
      "gpt-5.4-pro",
      "gpt-5.3-codex",
      "gpt-5.2-pro",
      "gpt-5-pro",
      "o3-pro",
    ]);
  });
});
