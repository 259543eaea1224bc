import { cpuMicros, type Server } from "./processes.ts";

/** Rounds of a pair by default. */
const ROUNDS = 3;

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** CPU microseconds of `server` per unit while `work` runs. `work` returns the number of units. */
export async function cpuPer(server: Server, work: () => Promise<number>): Promise<number> {
  await work();
  const before = cpuMicros(server.pid);
  const units = await work();
  return (cpuMicros(server.pid) - before) / units;
}

/**
 * Measures a pair alternately, so that a drift of the machine affects both, and returns the pair with the median
 * ratio. Every other round begins with the floor, because the second of two measurements finds a warmer machine.
 */
export async function pair(
  measured: () => Promise<number>,
  floor: () => Promise<number>,
  rounds = ROUNDS,
): Promise<{ readonly value: number; readonly floor: number }> {
  const pairs: { value: number; floor: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const early = round % 2 === 1 ? await floor() : undefined;
    const value = await measured();
    pairs.push({ value, floor: early ?? (await floor()) });
  }
  pairs.sort((a, b) => a.value / a.floor - b.value / b.floor);
  const middle = pairs[Math.floor(pairs.length / 2)];
  if (middle === undefined) throw new Error("no round was run");
  return middle;
}
