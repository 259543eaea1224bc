/** Where a price comes from. */
export type CostSource = "price-table" | "provider" | "mixed";

/**
 * Money in whole trillionths (1e-12) of the currency unit. All numbers are exact: a sum that a double cannot hold
 * exactly (above 9007 units) is unknown instead.
 */
export interface Cost {
  /** ISO 4217. */
  readonly currency: string;
  readonly totalPicos: number;
  /** Uncached input. */
  readonly inputPicos: number;
  readonly cacheReadPicos: number;
  readonly cacheWritePicos: number;
  /** Reasoning included. */
  readonly outputPicos: number;
  /** Costs without a field above, or the whole price that a provider reports. */
  readonly otherPicos: number;
  readonly source: CostSource;
  /** Version of the newest table in the sum; "" if no table was used. */
  readonly priceTableVersion: string;
}

const PICO_DIGITS = 12;

/** A cost as its currency and an exact decimal, such as `USD 0.001`. */
export function costText({ currency, totalPicos }: Pick<Cost, "currency" | "totalPicos">): string {
  const digits = String(totalPicos).padStart(PICO_DIGITS + 1, "0");
  const decimals = digits.slice(-PICO_DIGITS).replace(/0+$/, "");
  const units = digits.slice(0, -PICO_DIGITS);
  return `${currency} ${units}${decimals === "" ? "" : `.${decimals}`}`;
}

/** A price as the provider reports it. */
export interface ReportedCost {
  readonly currency: string;
  readonly picos: number;
}

/** The sum; undefined if the currencies differ or the sum is too large to be exact. */
export function addCost(a: Cost, b: Cost): Cost | undefined {
  const totalPicos = a.totalPicos + b.totalPicos;
  if (a.currency !== b.currency || !Number.isSafeInteger(totalPicos)) return undefined;
  return {
    currency: a.currency,
    totalPicos,
    inputPicos: a.inputPicos + b.inputPicos,
    cacheReadPicos: a.cacheReadPicos + b.cacheReadPicos,
    cacheWritePicos: a.cacheWritePicos + b.cacheWritePicos,
    outputPicos: a.outputPicos + b.outputPicos,
    otherPicos: a.otherPicos + b.otherPicos,
    source: a.source === b.source ? a.source : "mixed",
    priceTableVersion:
      a.priceTableVersion > b.priceTableVersion ? a.priceTableVersion : b.priceTableVersion,
  };
}

/** The cost of several attempts together; undefined if one used tokens of unknown price. */
export function totalCost(
  attempts: readonly { readonly usage?: object | undefined; readonly cost?: Cost | undefined }[],
): Cost | undefined {
  let sum: Cost | undefined;
  for (const { usage, cost } of attempts) {
    if (cost === undefined) {
      if (usage === undefined) continue;
      return undefined;
    }
    sum = sum === undefined ? cost : addCost(sum, cost);
    if (sum === undefined) return undefined;
  }
  return sum;
}
