// Exact amounts of money: whole units, and trillionths of a unit.
import { UNKNOWN } from "./formats.ts";

export interface Amount {
  readonly currencyCode: string;
  readonly units: bigint;
  readonly picos: bigint;
}

const PICOS = 1_000_000_000_000n;
const PICO_DIGITS = 12;
/** Decimals of amounts of one unit or more. */
const DECIMALS = 2;
/** Leading digits that remain of smaller amounts. */
const DIGITS = 3;

const totalOf = ({ units, picos }: Amount): bigint => units * PICOS + picos;

/** All decimals and no more: `0.000125`. At least two. */
export function exactMoney(amount: Amount): string {
  return decimal(totalOf(amount), DECIMALS);
}

/** Decimals without zeros at the end, but for the first `least`. */
function decimal(total: bigint, least: number): string {
  const sign = total < 0n ? "-" : "";
  const size = total < 0n ? -total : total;
  const fraction = (size % PICOS).toString().padStart(PICO_DIGITS, "0").replace(/0+$/, "");
  return `${sign}${(size / PICOS).toLocaleString("en")}.${fraction.padEnd(least, "0")}`;
}

/** As a number for programs: no groups of digits, and all decimals. */
export function plainMoney(amount: Amount): string {
  return exactMoney(amount).replaceAll(",", "");
}

/** For the eye: two decimals, and three digits of amounts below one unit: `12.35`, `0.000125`. */
export function shortMoney(amount: Amount): string {
  const total = totalOf(amount);
  const size = total < 0n ? -total : total;
  if (size === 0n) return "0";
  const step = size >= PICOS ? 10n ** BigInt(PICO_DIGITS - DECIMALS) : roundingStep(size);
  const rounded = ((size + step / 2n) / step) * step;
  return decimal(total < 0n ? -rounded : rounded, DECIMALS);
}

function roundingStep(size: bigint): bigint {
  return 10n ** BigInt(Math.max(size.toString().length - DIGITS, 0));
}

/** Amounts with their currency: `USD 0.0125`, of several currencies `USD 1.00 + EUR 2.00`. */
export function formatMoney(
  amounts: readonly Amount[],
  write: (amount: Amount) => string = shortMoney,
): string {
  if (amounts.length === 0) return UNKNOWN;
  return amounts.map((amount) => `${amount.currencyCode} ${write(amount)}`).join(" + ");
}

/** The sum by currency, in the order of the currencies' codes. */
export function sumMoney(amounts: Iterable<Amount>): Amount[] {
  const sums = new Map<string, bigint>();
  for (const amount of amounts) {
    sums.set(amount.currencyCode, (sums.get(amount.currencyCode) ?? 0n) + totalOf(amount));
  }
  return [...sums]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([currencyCode, total]) => ({ currencyCode, units: total / PICOS, picos: total % PICOS }));
}

/** For charts and for sorting only: no exact amount. */
export function roughMoney(amount: Amount): number {
  return Number(amount.units) + Number(amount.picos) / Number(PICOS);
}
