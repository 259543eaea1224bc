import type { ModelRecord } from "../domain/model.ts";

/**
 * What is wrong with the built-in records of a provider type, a line each.
 * Checked at start, so that a slip in a data file cannot become a wrong price.
 */
export function recordProblems(records: readonly ModelRecord[]): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const record of records) {
    const { id, pricing } = record;
    const names = [id, record.providerModel, record.displayName, ...(record.aliases ?? [])];
    for (const name of new Set(names.map((each) => each?.toLowerCase()))) {
      if (name === undefined) continue;
      const owner = owners.get(name);
      if (owner !== undefined) problems.push(`${id}: the name ${name} belongs to ${owner}`);
      owners.set(name, id);
    }
    if (pricing !== undefined) {
      const { tiers, currency, date, ...prices } = pricing;
      for (const [key, value] of Object.entries(prices)) {
        if (!Number.isSafeInteger(value) || value < 0)
          problems.push(`${id}: pricing.${key} is ${value}`);
      }
      let bound = 0;
      for (const tier of tiers) {
        if (tier.aboveInputTokens <= bound) problems.push(`${id}: pricing.tiers do not rise`);
        bound = tier.aboveInputTokens;
      }
      if (currency === "" || date === "") problems.push(`${id}: pricing has no currency or date`);
    }
    const { defaultEffort, efforts = [] } = record;
    if (defaultEffort !== undefined && !efforts.includes(defaultEffort)) {
      problems.push(`${id}: defaultEffort ${defaultEffort} is not among its efforts`);
    }
  }
  return problems;
}
