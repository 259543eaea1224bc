import {
  CAPABILITIES,
  FEATURES,
  type ModelRecord,
  PARAMETERS,
  type Pricing,
} from "../domain/model.ts";
import { MAX_TOKENS } from "../domain/token-usage.ts";

/** Effort values of all vendors, rising. */
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const USES: readonly string[] = [...PARAMETERS, ...FEATURES];
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DATE = /^\d{4}(-\d{2}){0,2}$/;

type Report = (problem: string) => void;

function checkWords(
  what: string,
  words: readonly string[],
  known: readonly string[],
  report: Report,
): void {
  for (const [index, word] of words.entries()) {
    if (!known.includes(word)) report(`unknown ${what} ${word}`);
    if (words.indexOf(word) !== index) report(`${what} ${word} is there twice`);
  }
}

function checkEfforts(record: ModelRecord, dialects: readonly string[], report: Report): void {
  const { efforts = [], dialectEfforts = {}, defaultEffort, rules = [] } = record;
  const rank = efforts.map((effort) => EFFORTS.indexOf(effort));
  checkWords("effort", efforts, EFFORTS, report);
  if (rank.some((value, index) => index > 0 && value < (rank[index - 1] ?? 0))) {
    report("efforts do not rise");
  }
  checkWords("dialect", Object.keys(dialectEfforts), dialects, report);
  const named = [
    ...Object.values(dialectEfforts).flat(),
    ...rules.flatMap(({ unlessEffort = [] }) => unlessEffort),
    ...(defaultEffort === undefined ? [] : [defaultEffort]),
  ];
  for (const effort of new Set(named)) {
    if (!efforts.includes(effort)) report(`effort ${effort} is not among its efforts`);
  }
}

function checkPricing(pricing: Pricing, report: Report): void {
  const { tiers, currency, date, ...prices } = pricing;
  if (!/^[A-Z]{3}$/.test(currency)) report(`pricing.currency is ${currency}`);
  if (!DATE.test(date)) report(`pricing.date is ${date}`);
  if (prices.inputPicos === undefined || prices.outputPicos === undefined) {
    report("pricing needs inputPicos and outputPicos");
  }
  const amounts = [prices, ...tiers.map(({ aboveInputTokens: _, ...tier }) => tier)];
  for (const [key, value] of amounts.flatMap((each) => Object.entries(each))) {
    if (!Number.isSafeInteger(value) || value < 0) report(`pricing.${key} is ${value}`);
  }
  let bound = 0;
  for (const { aboveInputTokens } of tiers) {
    if (!(aboveInputTokens > bound)) report("pricing.tiers do not rise");
    bound = aboveInputTokens;
  }
}

function checkRecord(record: ModelRecord, dialects: readonly string[], report: Report): void {
  const { dialect, rules = [], pricing, endDate } = record;
  checkWords("capability", record.capabilities, CAPABILITIES, report);
  checkWords("parameter", record.parameters, PARAMETERS, report);
  if (dialect !== undefined) checkWords("dialect", [dialect], dialects, report);
  for (const { refuses, together, dialect: only } of rules) {
    checkWords(
      "use in a rule",
      together === undefined ? [refuses] : [refuses, together],
      USES,
      report,
    );
    if (only !== undefined) checkWords("dialect", [only], dialects, report);
  }
  for (const key of ["contextWindow", "maxInputTokens", "maxOutputTokens"] as const) {
    const limit = record[key];
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0 && limit <= MAX_TOKENS)) {
      report(`${key} is ${limit}`);
    }
  }
  checkEfforts(record, dialects, report);
  if (pricing !== undefined) checkPricing(pricing, report);
  if (endDate !== undefined && !DAY.test(endDate)) report(`endDate is ${endDate}`);
}

/**
 * Errors in the built-in records of a provider type, one line each. They are checked at start, so that a mistake in a
 * data file cannot become a wrong price.
 */
export function recordProblems(
  records: readonly ModelRecord[],
  dialects: readonly string[],
): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const record of records) {
    const { id, providerModel = id, displayName = id, aliases = [] } = record;
    const report: Report = (problem) => problems.push(`${id}: ${problem}`);
    checkWords("alias", aliases, aliases, report);
    for (const name of new Set([id, providerModel, displayName, ...aliases])) {
      const key = name.toLowerCase();
      const owner = owners.get(key);
      if (owner !== undefined) report(`the name ${name} belongs to ${owner}`);
    }
    for (const name of [id, providerModel, displayName, ...aliases]) {
      owners.set(name.toLowerCase(), id);
    }
    checkRecord(record, dialects, report);
  }
  return problems;
}
