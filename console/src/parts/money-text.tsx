import { type Amount, exactMoney, formatMoney } from "./money.ts";

/** Amounts of money, rounded; the exact ones are in the title. */
export function MoneyText({ amounts }: { amounts: readonly Amount[] }) {
  return <span title={formatMoney(amounts, exactMoney)}>{formatMoney(amounts)}</span>;
}
