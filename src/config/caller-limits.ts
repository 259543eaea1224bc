import type {
  CallerLimits,
  NarrowedLimits,
  Rate,
  SpendLimit,
  UseLimits,
} from "../domain/caller-limits.ts";
import { ConfigProblem, count, flag, type Reader, share, text } from "./readers.ts";
import { list, object, reshaped } from "./sections.ts";

const WINDOWS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A count that a double adds to without loss, for years. */
const MAX_AMOUNT = 1_000_000_000_000;

/** `60/m`: at most so many in any second, minute, hour or day. */
const rate: Reader<Rate> = (value, path) => {
  const [, digits, unit = ""] = /^([1-9]\d*)\/([smhd])$/.exec(String(value)) ?? [];
  const [amount, windowMs] = [Number(digits), WINDOWS[unit]];
  if (windowMs !== undefined && amount <= MAX_AMOUNT) return { amount, windowMs };
  throw new ConfigProblem(
    path,
    "must be a whole number from 1 and a window: N/s, N/m, N/h or N/d, such as 60/m",
  );
};

const PICO_DIGITS = 12;

interface Money {
  readonly currency: string;
  readonly picos: number;
}

/** `USD 0.50`, up to a million units. Above 9007 units a double rounds, by less than a billionth of a unit. */
const money: Reader<Money> = (value, path) => {
  const match = /^([A-Z]{3}) (\d{1,7})(?:\.(\d{1,12}))?$/.exec(String(value));
  const [, currency = "", units = "0", decimals = ""] = match ?? [];
  const picos = Number(BigInt(units + decimals.padEnd(PICO_DIGITS, "0")));
  if (picos > 0 && picos <= 10 ** (6 + PICO_DIGITS)) return { currency, picos };
  throw new ConfigProblem(
    path,
    "must be a currency and an amount above 0, up to 1000000, such as USD 5 or USD 0.50",
  );
};

const useFields = {
  requests: rate,
  burst: rate,
  tokens: rate,
  concurrency: count,
  spend: object({ hour: money, day: money, month: money, total: money }),
};

interface GivenUse {
  readonly requests?: Rate;
  readonly burst?: Rate;
  readonly tokens?: Rate;
  readonly concurrency?: number;
  readonly spend?: Readonly<Partial<Record<SpendLimit["period"], Money>>>;
}

function useLimits({ requests, burst, tokens, concurrency, spend = {} }: GivenUse): UseLimits {
  const rates = [requests, burst].filter((each) => each !== undefined);
  const periods = Object.entries(spend) as [SpendLimit["period"], Money][];
  return {
    ...(rates.length > 0 && { requests: rates }),
    ...(tokens !== undefined && { tokens: [tokens] }),
    ...(concurrency !== undefined && { concurrency }),
    ...(periods.length > 0 && {
      spend: periods.map(([period, { currency, picos }]) => ({ period, currency, picos })),
    }),
  };
}

/** Limits of a caller for some of the models. */
const narrowed = reshaped(
  object({ match: text, ...useFields }, ["match"]),
  ({ match, ...use }, path): NarrowedLimits => {
    if (Object.keys(use).length === 0) throw new ConfigProblem(path, "has no limit");
    return { match, ...useLimits(use) };
  },
);

const limitsFields = object({
  ...useFields,
  models: list(narrowed),
  max_output_tokens: count,
  max_cost_per_call: money,
  warn_at: share,
  allow_unpriced: flag,
});

/** The limits of a caller or of a group, or those of callers that have none of their own. */
export const callerLimits = reshaped(limitsFields, (given): CallerLimits => {
  const { models = [], maxOutputTokens, maxCostPerCall, warnAt, allowUnpriced } = given;
  return {
    ...useLimits(given),
    ...(models.length > 0 && { narrowed: models }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(maxCostPerCall !== undefined && { maxCostPerCall }),
    ...(warnAt !== undefined && { warnAt }),
    ...(allowUnpriced !== undefined && { allowUnpriced }),
  };
});
