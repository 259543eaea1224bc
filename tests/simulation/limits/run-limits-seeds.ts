// Many seeds of the simulation of limits, and what they come to.
import type { LimitsMutation } from "./limits-world.ts";
import { type LimitsSeedReport, runLimitsSeed } from "./run-limits-seed.ts";

/** More failures than anybody reads. */
const MOST_SHOWN = 10;

export interface LimitsSummary {
  readonly failed: readonly LimitsSeedReport[];
  /** For people. */
  readonly text: string;
}

function describe({ seed, border, violations }: LimitsSeedReport): string {
  const lines = violations.slice(0, 5).map((violation) => `  ${violation}`);
  return [`limits, seed ${seed} (${border}): STEER_SEED=${seed} npm run simulate`, ...lines].join(
    "\n",
  );
}

function counts(names: readonly string[]): string {
  const kinds = [...new Set(names)].sort();
  return kinds.map((kind) => `${kind} ${names.filter((name) => name === kind).length}`).join(", ");
}

export async function runLimitsSeeds(
  from: number,
  count: number,
  mutation?: LimitsMutation,
): Promise<LimitsSummary> {
  const reports: LimitsSeedReport[] = [];
  for (let seed = from; seed < from + count; seed++) {
    reports.push(await runLimitsSeed(seed, mutation));
  }
  const failed = reports.filter(({ violations }) => violations.length > 0);
  const text = [
    ...failed.slice(0, MOST_SHOWN).map(describe),
    `limits: seeds ${count}, from ${from}`,
    `limits: generations ${reports.reduce((sum, { passed }) => sum + passed, 0)}`,
    `limits: faults ${counts(reports.flatMap(({ faults }) => faults))}`,
    `limits: borders ${counts(reports.map(({ border }) => border))}`,
    `limits: seeds failed ${failed.length}`,
  ].join("\n");
  return { failed, text };
}
