import { expect } from "vitest";

const TRIES = 10;

/**
 * Expects that one of ten tries takes less than `limitMs`. A busy machine delays some tries; slow code delays all.
 */
export async function expectOneWithin(
  limitMs: number,
  measure: () => Promise<number>,
): Promise<void> {
  const took: number[] = [];
  while (took.length < TRIES && took.every((ms) => ms >= limitMs)) took.push(await measure());
  expect(Math.min(...took)).toBeLessThan(limitMs);
}
