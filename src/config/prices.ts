import type { PriceOverride, PriceTier, Pricing, TokenPrices } from "../domain/model.ts";
import {
  amount,
  ConfigProblem,
  count,
  list,
  matching,
  object,
  type Path,
  type Reader,
  required,
  reshaped,
} from "./readers.ts";

const PICOS_PER_UNIT_PER_MILLION = 1_000_000;
/** Binary fractions are near what was written, and not it. */
const ROUNDING = 1e-3;

/** A price per million tokens, as people write it, in trillionths per token. */
const price: Reader<number> = (value, path) => {
  const exact = amount(value, path) * PICOS_PER_UNIT_PER_MILLION;
  const picos = Math.round(exact);
  if (Number.isSafeInteger(picos) && Math.abs(exact - picos) <= ROUNDING) return picos;
  throw new ConfigProblem(path, "must be a price per million tokens with at most 6 decimals");
};

const tokenPrices = {
  input: price,
  output: price,
  cache_read: price,
  cache_write: price,
  cache_write_long: price,
};

const tierFields = object({ ...tokenPrices, above_input_tokens: count });

type PriceFields = { readonly [Name in keyof typeof tokenPrices]?: number };

function readPrices(fields: PriceFields): Partial<TokenPrices> {
  const { input, output, cache_read: read, cache_write: write, cache_write_long: long } = fields;
  return {
    ...(input !== undefined && { inputPicos: input }),
    ...(output !== undefined && { outputPicos: output }),
    ...(read !== undefined && { cacheReadPicos: read }),
    ...(write !== undefined && { cacheWritePicos: write }),
    ...(long !== undefined && { cacheWriteLongPicos: long }),
  };
}

const tier = reshaped(tierFields, (value, path): PriceTier => {
  const fields = tierFields(value, path);
  const aboveInputTokens = required(fields.above_input_tokens, path, "above_input_tokens");
  return { ...readPrices(fields), aboveInputTokens };
});

const currency = matching(/^[A-Z]{3}$/, "an ISO 4217 code");

const pricingFields = object({
  ...tokenPrices,
  currency,
  date: matching(/^\d{4}(-\d{2}){0,2}$/, "a date"),
  tiers: list(tier),
});

/** The prices of a model that the operator adds. */
export const pricing = reshaped(pricingFields, (value, path): Pricing => {
  const fields = pricingFields(value, path);
  return {
    ...readPrices(fields),
    currency: required(fields.currency, path, "currency"),
    date: required(fields.date, path, "date"),
    inputPicos: required(fields.input, path, "input"),
    outputPicos: required(fields.output, path, "output"),
    tiers: fields.tiers ?? [],
  };
});

const overrideFields = object({ ...tokenPrices, currency, tiers: list(tier) });

/** What stands in place of a model's listed prices. */
const override: Reader<PriceOverride> = (value, path) => {
  const fields = overrideFields(value, path);
  const prices = readPrices(fields);
  if (Object.keys(prices).length === 0) throw new ConfigProblem(path, "has no price");
  if ((fields.input === undefined) !== (fields.output === undefined)) {
    throw new ConfigProblem(path, "set input and output together");
  }
  checkWholeOnly(fields, path);
  return {
    prices,
    ...(fields.currency !== undefined && { currency: fields.currency }),
    tiers: fields.tiers ?? [],
  };
};

/** A currency or tiers of cached tokens alone would stand beside prices of another list. */
function checkWholeOnly(fields: ReturnType<typeof overrideFields>, path: Path): void {
  if (fields.input !== undefined) return;
  for (const key of ["currency", "tiers"] as const) {
    if (fields[key] === undefined) continue;
    throw new ConfigProblem([...path, key], "needs input and output beside it");
  }
}

/** Overrides by model, or by `instance/model`. */
export const overrides: Reader<Record<string, PriceOverride>> = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigProblem(path, "must be a mapping");
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, override(entry, [...path, key])]),
  );
};
