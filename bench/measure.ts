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
export async function cpuPer(
  server: Pick<Server, "pid">,
  work: () => Promise<number>,
): Promise<number> {
  await work();
  const before = cpuMicros(server.pid);
  const units = await work();
  return (cpuMicros(server.pid) - before) / units;
}

/** Values of each name, in the order of the rounds. */
export type Rounds<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** A figure beside its floor, with the rounds that both are from. */
export interface Besides {
  readonly value: number;
  readonly floor: number;
  readonly rounds: { readonly value: readonly number[]; readonly floor: readonly number[] };
}

/**
 * Measures all names alternately, so that a drift of the machine affects all of them. Every other round goes through
 * the names backwards, because the second of two measurements finds a warmer machine.
 */
export async function interleave<Name extends string>(
  measured: Readonly<Record<Name, () => Promise<number>>>,
  rounds = ROUNDS,
): Promise<Rounds<Name>> {
  const names = Object.keys(measured) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 1 ? names.toReversed() : names) {
      values[name].push(await measured[name]());
    }
  }
  return values;
}

/** The round with the median ratio of `value` to `floor`. Throws if a round has no figure. */
export function beside(value: readonly number[], floor: readonly number[]): Besides {
  if (![...value, ...floor].every(Number.isFinite)) throw new Error("a round has no figure");
  const pairs = value.map((one, round) => ({ value: one, floor: floor[round] ?? Number.NaN }));
  pairs.sort((a, b) => a.value / a.floor - b.value / b.floor);
  const middle = pairs[Math.floor(pairs.length / 2)];
  if (middle === undefined) throw new Error("no round was run");
  return { ...middle, rounds: { value, floor } };
}

/** A value and its floor, measured alternately. */
export async function pair(
  measured: () => Promise<number>,
  floor: () => Promise<number>,
  rounds = ROUNDS,
): Promise<Besides> {
  const values = await interleave({ measured, floor }, rounds);
  return beside(values.measured, values.floor);
}
