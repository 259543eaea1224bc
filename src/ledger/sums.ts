// The numbers of a row of the ledger. Each is a whole number that a double holds exactly.

/** Counters in the order in which stores keep them. New ones are added at the end. */
export const COUNTERS = [
  "units",
  "picos",
  "calls",
  "failures",
  "cancelled",
  "attempts",
  "retries",
  "failovers",
  "hedges",
  "unpricedAttempts",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "cacheWriteLongTokens",
  "reasoningTokens",
  "estimatedInputTokens",
  "estimatedOutputTokens",
] as const;

export type Counter = (typeof COUNTERS)[number];

const UNITS = COUNTERS.indexOf("units");
const PICOS = COUNTERS.indexOf("picos");

/** Trillionths of a currency unit. Whole units are counted apart, so that no sum is rounded. */
const UNIT_PICOS = 1e12;

/** Sums with their histogram of times to first token: calls by the index of a time. */
export interface Sums {
  readonly counters: Float64Array;
  readonly times: Map<number, number>;
}

export function createSums(): Sums {
  return { counters: new Float64Array(COUNTERS.length), times: new Map() };
}

export function addTo({ counters }: Sums, counter: Counter, amount: number): void {
  const index = COUNTERS.indexOf(counter);
  counters[index] = (counters[index] ?? 0) + amount;
}

/** Carries whole units over. */
function carry(counters: Float64Array): void {
  const picos = counters[PICOS] ?? 0;
  if (picos < UNIT_PICOS) return;
  const units = Math.floor(picos / UNIT_PICOS);
  counters[UNITS] = (counters[UNITS] ?? 0) + units;
  counters[PICOS] = picos - units * UNIT_PICOS;
}

/** Adds trillionths, at most 2^53. */
export function addPicos({ counters }: Sums, picos: number): void {
  const units = Math.floor(picos / UNIT_PICOS);
  counters[UNITS] = (counters[UNITS] ?? 0) + units;
  counters[PICOS] = (counters[PICOS] ?? 0) + (picos - units * UNIT_PICOS);
  carry(counters);
}

/** Indexes of times double the time every four steps. */
const STEPS = 4;
const MAX_INDEX = 100;

/** Counts one call's time to first token. */
export function addTime({ times }: Sums, ms: number): void {
  const index = ms <= 1 ? 0 : Math.min(MAX_INDEX, Math.ceil(Math.log2(ms) * STEPS));
  times.set(index, (times.get(index) ?? 0) + 1);
}

export function timedCalls({ times }: Sums): number {
  return Array.from(times.values()).reduce((sum, calls) => sum + calls, 0);
}

/** The quantile in milliseconds, within a fifth of the time; undefined: no time is known. */
export function timeQuantile(sums: Sums, share: number): number | undefined {
  const rank = share * timedCalls(sums);
  let before = 0;
  for (const [index, calls] of [...sums.times].sort(([a], [b]) => a - b)) {
    // Within a step the times are taken as evenly spread.
    if (before + calls >= rank) return 2 ** ((index - 1 + (rank - before) / calls) / STEPS);
    before += calls;
  }
  return undefined;
}

/** Adds the sums of another row. */
export function addSums(to: Sums, from: Sums): void {
  for (const [index, amount] of from.counters.entries()) {
    to.counters[index] = (to.counters[index] ?? 0) + amount;
  }
  carry(to.counters);
  for (const [index, calls] of from.times) to.times.set(index, (to.times.get(index) ?? 0) + calls);
}

/** A time's index and its calls in one number: calls stay below 2^40. */
const INDEX = 2 ** 40;

/** As stores keep it: the number of counters, the counters, then an element for each time. */
export type StoredSums = Float64Array;

export function storedSums({ counters, times }: Sums): StoredSums {
  const stored = new Float64Array(1 + counters.length + times.size);
  stored[0] = counters.length;
  stored.set(counters, 1);
  let place = 1 + counters.length;
  for (const [index, calls] of times) stored[place++] = index * INDEX + calls;
  return stored;
}

/** Adds what a store keeps. Counters of a later release are left out. */
export function addStored({ counters, times }: Sums, stored: StoredSums): void {
  const kept = stored[0] ?? 0;
  const known = Math.min(kept, counters.length);
  for (let index = 0; index < known; index++) {
    counters[index] = (counters[index] as number) + (stored[index + 1] as number);
  }
  carry(counters);
  for (let place = kept + 1; place < stored.length; place++) {
    const element = stored[place] as number;
    const index = Math.floor(element / INDEX);
    times.set(index, (times.get(index) ?? 0) + (element - index * INDEX));
  }
}

/** The sum of two rows of a store. */
export function mergeStored(a: StoredSums, b: StoredSums): StoredSums {
  const sums = createSums();
  addStored(sums, a);
  addStored(sums, b);
  return storedSums(sums);
}
