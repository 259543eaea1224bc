import { expect, it } from "vitest";
import type { Cost } from "../../../src/domain/cost.ts";
import type { Generation } from "../../../src/domain/generation.ts";
import { usedAmounts } from "../../../src/gateway/used-amounts.ts";

const usage = { inputTokens: 10, outputTokens: 5, source: "provider" } as const;
const cost = { totalPicos: 700 } as Cost;

it.each([
  ["tokens with prices", { totalUsage: usage, cost }, { tokens: 15, picos: 700 }],
  ["tokens without prices", { totalUsage: usage }, { tokens: 15, picos: undefined }],
  ["no attempt", {}, { tokens: 0, picos: 0 }],
])("the amounts of a generation with %s", (_name, generation, amounts) => {
  expect(
    usedAmounts({ totalUsage: undefined, cost: undefined, ...generation } as Generation),
  ).toEqual(amounts);
});
