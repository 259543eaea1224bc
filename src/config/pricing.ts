import type { PriceOverride } from "../domain/model.ts";
import { amount, ConfigProblem, count, inUnit, matching, type Path } from "./readers.ts";
import { list, map, object, reshaped } from "./sections.ts";

const PICOS_PER_UNIT_PER_MILLION = 1_000_000;
/** Tolerance for binary fractions, which only approximate decimal prices. */
const ROUNDING = 1e-3;

/** A price per million tokens, converted to trillionths per token. */
const price = inUnit("Picos", (value, path) => {
  const exact = amount(value, path) * PICOS_PER_UNIT_PER_MILLION;
  const picos = Math.round(exact);
  if (Number.isSafeInteger(picos) && Math.abs(exact - picos) <= ROUNDING) return picos;
  throw new ConfigProblem(path, "must be a price per million tokens with at most 6 decimals");
});

const tokenPrices = {
  input: price,
  output: price,
  cache_read: price,
  cache_write: price,
  cache_write_long: price,
};

const tier = object({ ...tokenPrices, above_input_tokens: count }, ["above_input_tokens"]);

const currency = matching(/^[A-Z]{3}$/, "an ISO 4217 code");

const pricingFields = object(
  {
    ...tokenPrices,
    currency,
    date: matching(/^\d{4}(-\d{2}){0,2}$/, "a date"),
    tiers: list(tier),
  },
  ["currency", "date", "input", "output"],
);

/** The prices of a configured model. */
export const pricing = reshaped(pricingFields, ({ tiers = [], ...fields }) => ({
  ...fields,
  tiers,
}));

const overrideFields = object({ ...tokenPrices, currency, tiers: list(tier) });

/** The replacement of a model's listed prices. */
const override = reshaped(overrideFields, (fields, path): PriceOverride => {
  const { currency: own, tiers = [], ...prices } = fields;
  if (Object.keys(prices).length === 0) throw new ConfigProblem(path, "has no price");
  if ((fields.inputPicos === undefined) !== (fields.outputPicos === undefined)) {
    throw new ConfigProblem(path, "set input and output together");
  }
  checkWholeOnly(fields, path);
  return { prices, ...(own !== undefined && { currency: own }), tiers };
});

/**
 * Prices of cached tokens alone must not set a currency or tiers, because the other prices come from another list.
 */
function checkWholeOnly(fields: ReturnType<typeof overrideFields>, path: Path): void {
  if (fields.inputPicos !== undefined) return;
  for (const key of ["currency", "tiers"] as const) {
    if (fields[key] === undefined) continue;
    throw new ConfigProblem([...path, key], "needs input and output beside it");
  }
}

/** Overrides by model, or by `instance/model`. */
export const overrides = map(override);
