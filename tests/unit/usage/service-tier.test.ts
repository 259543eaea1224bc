import { expect, it } from "vitest";
import type { Cost } from "../../../src/domain/cost.ts";
import { serviceTierWarning } from "../../../src/usage/service-tier.ts";

const COST: Cost = {
  currency: "USD",
  totalPicos: 1,
  inputPicos: 1,
  cacheReadPicos: 0,
  cacheWritePicos: 0,
  outputPicos: 0,
  otherPicos: 0,
  source: "price-table",
  priceTableVersion: "2026-01-01",
};

it.each(["priority", "flex", "batch", ""])("a cost warns of the tier %j", (service_tier) => {
  expect(serviceTierWarning(COST, { service_tier })).toEqual({
    reason: "SERVICE_TIER_UNPRICED",
    message: "the provider served another tier than the standard one, whose prices the cost has",
    field: "",
  });
});

it.each(["default", "standard", "auto", "on_demand"])("%s is the standard tier", (service_tier) => {
  expect(serviceTierWarning(COST, { service_tier })).toBeUndefined();
});

it.each<[string, Cost | undefined, unknown]>([
  ["no cost", undefined, "priority"],
  ["a price of the provider's own", { ...COST, source: "provider" }, "priority"],
  ["no tier that is told", COST, undefined],
  ["a tier that is no word", COST, 7],
])("there is nothing to warn of with %s", (_, cost, tier) => {
  expect(serviceTierWarning(cost, tier === undefined ? {} : { service_tier: tier as string })).toBe(
    undefined,
  );
});
