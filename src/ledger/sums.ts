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

/** Indexes of times double the time every four steps, from a millisecond to nine hours. */
const STEPS = 4;
const MAX_INDEX = 100;
/** Number of indexes. */
export const TIMES = MAX_INDEX + 1;

/** Sums with their histogram of times to first token: calls by the index of a time. */
export interface Sums {
  readonly counters: Float64Array;
  readonly times: Float64Array;
}

/** In one buffer, which costs more than the numbers. */
export function createSums(): Sums {
  const counters = COUNTERS.length;
  const { buffer } = new Float64Array(counters + TIMES);
  return {
    counters: new Float64Array(buffer, 0, counters),
    times: new Float64Array(buffer, counters * Float64Array.BYTES_PER_ELEMENT, TIMES),
  };
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

export function moneyOf({ counters }: Sums): { readonly units: number; readonly picos: number } {
  return { units: counters[UNITS] ?? 0, picos: counters[PICOS] ?? 0 };
}

/** Counts one call's time to first token. */
export function addTime({ times }: Sums, ms: number): void {
  const index = ms <= 1 ? 0 : Math.min(MAX_INDEX, Math.ceil(Math.log2(ms) * STEPS));
  times[index] = (times[index] ?? 0) + 1;
}

export function timedCalls({ times }: Sums): number {
  let sum = 0;
  for (const calls of times) sum += calls;
  return sum;
}

/** The quantile in milliseconds, within a fifth of the time; undefined: no time is known. */
export function timeQuantile(sums: Sums, share: number): number | undefined {
  const { times } = sums;
  const rank = share * timedCalls(sums);
  let before = 0;
  for (let index = 0; index < times.length; index++) {
    const calls = times[index] as number;
    // Within a step the times are taken as evenly spread.
    if (calls > 0 && before + calls >= rank)
      return 2 ** ((index - 1 + (rank - before) / calls) / STEPS);
    before += calls;
  }
  return undefined;
}

/** Adds numbers, place by place. */
function addAll(to: Float64Array, from: Float64Array): void {
  for (let index = 0; index < from.length; index++) {
    to[index] = (to[index] as number) + (from[index] as number);
  }
}

/** Adds the sums of another row. */
export function addSums(to: Sums, from: Sums): void {
  addAll(to.counters, from.counters);
  carry(to.counters);
  addAll(to.times, from.times);
}

/** A time's index and its calls in one number: calls stay below 2^40. */
export const INDEX = 2 ** 40;

/** As stores keep it: the number of counters, the counters, then an element for each time. */
export type StoredSums = Float64Array;

/** A view of the bytes of stored sums: little-endian numbers, since Node runs on little-endian machines alone. */
export function bytesOfSums(sums: StoredSums): Uint8Array {
  return new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength);
}

export function sumsOfBytes(bytes: Uint8Array): StoredSums {
  const sums = new Float64Array(bytes.length / Float64Array.BYTES_PER_ELEMENT);
  bytesOfSums(sums).set(bytes);
  return sums;
}

/** Takes a row of a store: its stored sums are the numbers from `first` to `end`, which the visitor does not keep. */
export type VisitRow = (key: string, numbers: Float64Array, first: number, end: number) => void;

export function storedSums({ counters, times }: Sums): StoredSums {
  const elements: number[] = [];
  for (const [index, calls] of times.entries()) {
    if (calls > 0) elements.push(index * INDEX + calls);
  }
  return Float64Array.of(counters.length, ...counters, ...elements);
}

/** Adds what a store keeps, which is the numbers from `first` to `end`. Counters of a later release are left out. */
export function addStored(
  { counters, times }: Sums,
  numbers: Float64Array,
  first = 0,
  end = numbers.length,
): void {
  const kept = numbers[first] as number;
  const known = Math.min(kept, counters.length);
  for (let index = 0; index < known; index++) {
    counters[index] = (counters[index] as number) + (numbers[first + 1 + index] as number);
  }
  carry(counters);
  for (let place = first + 1 + kept; place < end; place++) {
    const element = numbers[place] as number;
    const index = Math.floor(element / INDEX);
    times[index] = (times[index] as number) + (element - index * INDEX);
  }
}

/** The sum of two rows of a store. */
export function mergeStored(a: StoredSums, b: StoredSums): StoredSums {
  const sums = createSums();
  addStored(sums, a);
  addStored(sums, b);
  return storedSums(sums);
}
