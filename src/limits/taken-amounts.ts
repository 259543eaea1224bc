// The amounts of a reservation, over its parts. An extension adds a part for each counter of which it takes more.
import type { Taken } from "./limit-tables.ts";

/** The amount that a reservation has taken of one counter. */
export function amountOf(taken: readonly Taken[], counter: string): number {
  let sum = 0;
  for (const part of taken) {
    if (part.key === counter && part.unit !== "concurrency") sum += part.amount;
  }
  return sum;
}

/** The most that one rule of a unit has taken: rules of a unit count the same. */
export function mostOf(taken: readonly Taken[], unit: "requests" | "tokens" | "spend"): number {
  let most = 0;
  for (const part of taken) {
    if (part.unit === unit) most = Math.max(most, amountOf(taken, part.key));
  }
  return most;
}

/** Whether an earlier part has taken of the same counter. */
export function isRepeated(taken: readonly Taken[], place: number): boolean {
  const counter = taken[place]?.key;
  for (let earlier = 0; earlier < place; earlier++) {
    if (taken[earlier]?.key === counter) return true;
  }
  return false;
}
