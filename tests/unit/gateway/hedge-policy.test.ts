import { afterAll, expect, it } from "vitest";
import type { GenerationSpec } from "../../../src/domain/generation-spec.ts";
import { hedgePolicy } from "../../../src/gateway/hedge-policy.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testRouting, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const counter = testCounter(createManualClock(), "character");
afterAll(() => counter.close());

const asked = testRouting({ hedge: { delayMs: 70 } });
const provider = { type: "provider", provider: "test", config: {} } as const;
const own = { type: "function", name: "f", description: "", parametersJsonSchema: "" } as const;
/** "user: Hi" is 2 tokens, and 4 for its message. */
const INPUT_TOKENS = 6;

it.each<[string, Partial<GenerationSpec>, number, object | undefined]>([
  ["that asks for one", { routing: asked }, INPUT_TOKENS, { delayMs: 70 }],
  ["that asks for one by measurement", { routing: testRouting({ hedge: {} }) }, 100, {}],
  ["that asks for none", {}, 100, undefined],
  ["of more tokens", { routing: asked }, INPUT_TOKENS - 1, undefined],
  ["with money", { routing: asked, budget: { maxCostPicos: 1, currency: "USD" } }, 100, undefined],
  ["with a function", { routing: asked, tools: [own] }, 100, { delayMs: 70 }],
  ["with a tool of its provider", { routing: asked, tools: [own, provider] }, 100, undefined],
])("a request %s has a rival attempt or none", (_name, changes, maxInputTokens, expected) => {
  const spec = testSpec(changes);
  const target = { model: testModel(), spec, effort: undefined, options: {}, warnings: [] };
  expect(hedgePolicy(counter, spec, target, { maxInputTokens })).toEqual(expected);
});
