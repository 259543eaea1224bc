// For programs that measure one part of the service in a separate process.
import { median } from "./measure.ts";

const ROUNDS = 7;

export interface Pair {
  readonly value: number;
  readonly floor: number;
}

/** CPU microseconds of one run. */
async function cost(runs: number, one: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < runs; index++) await one();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** CPU microseconds of a run and of its floor, measured alternately. The first round only compiles. */
export async function compare(
  runs: number,
  one: () => Promise<void> | void,
  floor: () => Promise<void> | void,
): Promise<Pair> {
  const values: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const value = await cost(runs, one);
    const least = await cost(runs, floor);
    if (round === 0) continue;
    values.push(value);
    floors.push(least);
  }
  return { value: median(values), floor: median(floors) };
}

/** Prints the program's single line of output. */
export function print(figures: object): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
