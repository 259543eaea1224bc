// The amounts of a reservation, over its parts. An extension adds a part for each rule by which it takes more.
import type { Taken } from "./limit-tables.ts";

/** The parts of one unit that can have an amount. */
export type AmountTaken = Exclude<Taken, { unit: "concurrency" }>;

/** The rule of a counter of spend, whose name ends with the start of its period. */
function spendRule({ key }: Taken): string {
  return key.slice(0, key.lastIndexOf("|"));
}

/** Whether two parts were taken by one rule: of spend in different periods, if an extension came in the next one. */
export function isOfOneRule(one: Taken, other: Taken): boolean {
  if (one.unit !== other.unit) return false;
  return one.key === other.key || (one.unit === "spend" && spendRule(one) === spendRule(other));
}

/** The amount that was taken by the rule of a part. */
export function amountOf(taken: readonly Taken[], first: AmountTaken): number {
  let sum = 0;
  for (const part of taken) {
    if (part.unit !== "concurrency" && isOfOneRule(part, first)) sum += part.amount;
  }
  return sum;
}

/** The most that one rule of a unit has taken: rules of a unit count the same. */
export function mostOf(taken: readonly Taken[], unit: AmountTaken["unit"]): number {
  let most = 0;
  for (const part of taken) {
    if (part.unit === unit) most = Math.max(most, amountOf(taken, part));
  }
  return most;
}

/** Whether an earlier part was taken by the same rule. */
export function isRepeated(taken: readonly Taken[], place: number): boolean {
  const part = taken[place];
  for (let earlier = 0; earlier < place; earlier++) {
    const other = taken[earlier];
    if (part !== undefined && other !== undefined && isOfOneRule(part, other)) return true;
  }
  return false;
}
