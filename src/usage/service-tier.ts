import type { Cost } from "../domain/cost.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Warning } from "../domain/warning.ts";

/** Vendors' names of the standard tier, whose prices a model's record has. */
const STANDARD: ReadonlySet<unknown> = new Set(["default", "standard", "auto", "on_demand"]);

const TIER_UNPRICED: Warning = {
  reason: "SERVICE_TIER_UNPRICED",
  message: "the provider served another tier than the standard one, whose prices the cost has",
  field: "",
};

/** The warning for a cost with the prices of another tier; undefined: the cost has the prices of its own tier. */
export function serviceTierWarning(
  cost: Cost | undefined,
  { service_tier: tier }: JsonObject,
): Warning | undefined {
  if (cost?.source !== "price-table" || typeof tier !== "string") return undefined;
  return STANDARD.has(tier) ? undefined : TIER_UNPRICED;
}
