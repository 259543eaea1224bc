// The cost of tokens in whole trillionths of the currency unit, without rounding.
import type { Cost, ReportedCost } from "../domain/cost.ts";
import { type Pricing, pricesAt } from "../domain/model.ts";
import type { TokenUsage } from "../domain/token-usage.ts";

/** A sub-count, at most `most` even if a provider's numbers are inconsistent. */
function within(tokens: number | undefined, most: number): number {
  return Math.min(tokens ?? 0, most);
}

/**
 * The cost of one attempt; undefined if its price is unknown. A provider's own price takes precedence. Cached
 * tokens without a listed price cost as much as other input.
 */
export function costOf(
  pricing: Pricing | undefined,
  usage: TokenUsage,
  reported?: ReportedCost,
): Cost | undefined {
  if (reported !== undefined) return reportedCost(reported);
  if (pricing === undefined) return undefined;
  const prices = pricesAt(pricing, usage.inputTokens);
  const read = within(usage.cacheReadTokens, usage.inputTokens);
  const write = within(usage.cacheWriteTokens, usage.inputTokens - read);
  const long = within(usage.cacheWriteLongTokens, write);
  const writePrice = prices.cacheWritePicos ?? prices.inputPicos;
  const inputPicos = (usage.inputTokens - read - write) * prices.inputPicos;
  const cacheReadPicos = read * (prices.cacheReadPicos ?? prices.inputPicos);
  const cacheWritePicos =
    (write - long) * writePrice + long * (prices.cacheWriteLongPicos ?? writePrice);
  const outputPicos = usage.outputTokens * prices.outputPicos;
  const totalPicos = inputPicos + cacheReadPicos + cacheWritePicos + outputPicos;
  if (!Number.isSafeInteger(totalPicos)) return undefined;
  return {
    currency: pricing.currency,
    totalPicos,
    inputPicos,
    cacheReadPicos,
    cacheWritePicos,
    outputPicos,
    otherPicos: 0,
    source: "price-table",
    priceTableVersion: pricing.date,
  };
}

function reportedCost({ currency, picos }: ReportedCost): Cost | undefined {
  if (!Number.isSafeInteger(picos)) return undefined;
  return {
    currency,
    totalPicos: picos,
    inputPicos: 0,
    cacheReadPicos: 0,
    cacheWritePicos: 0,
    outputPicos: 0,
    otherPicos: picos,
    source: "provider",
    priceTableVersion: "",
  };
}
