/** Where a price comes from. */
export type CostSource = "price-table" | "provider" | "mixed";

/**
 * Money in whole trillionths (1e-12) of the currency unit. Every number is exact:
 * a sum that a double cannot hold exactly (9007 units) is unknown instead.
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
  /** What has no place above; all of a price that the provider reports. */
  readonly otherPicos: number;
  readonly source: CostSource;
  /** Of the newest table in a sum; "" where none was used. */
  readonly priceTableVersion: string;
}

/** A price as the provider reports it. */
export interface ReportedCost {
  readonly currency: string;
  readonly picos: number;
}

/** The sum; undefined where it cannot be told: another currency, or too large to be exact. */
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

/** What attempts cost together; one that used tokens of unknown price makes it unknown. */
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
