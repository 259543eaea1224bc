import type { ReportedCost } from "../../domain/cost.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

const PICOS_PER_DOLLAR = 1e12;

/** Converts dollars to trillionths; NaN for an invalid price, undefined for none. */
function picosOf(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  const picos = typeof value === "number" ? Math.round(value * PICOS_PER_DOLLAR) : Number.NaN;
  return Number.isSafeInteger(picos) && picos >= 0 ? picos : Number.NaN;
}

/**
 * The price in `usage.cost`, in dollars: OpenRouter's number, plus the vendor's own price if the call used the
 * account's own key, or the total in Perplexity's object.
 */
export function readCost({
  cost,
  is_byok: isOwnKey,
  cost_details: details,
}: JsonObject): ReportedCost | "impossible" | undefined {
  const own = picosOf(isJsonObject(cost) ? cost.total_cost : cost);
  if (own === undefined) return undefined;
  const isPaidTwice = isOwnKey === true && isJsonObject(details);
  const picos = own + ((isPaidTwice ? picosOf(details.upstream_inference_cost) : undefined) ?? 0);
  return Number.isSafeInteger(picos) ? { currency: "USD", picos } : "impossible";
}
