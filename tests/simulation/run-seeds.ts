// Many seeds, and what they come to.
import { checkTexts } from "../support/checkers/check-text.ts";
import type { HistoryEntry } from "../support/history.ts";
import { runSeed, type SeedReport } from "./run-seed.ts";
import type { Mutation } from "./world.ts";

/** More failures than anybody reads. */
const MAX_SHOWN = 10;

export interface Summary {
  readonly failed: readonly SeedReport[];
  /** For people: the last lines are the counts that have to be 0. */
  readonly text: string;
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

function describe({ seed, violations }: SeedReport): string {
  const lines = violations.slice(0, 5).map(({ property, message }) => `  ${property} ${message}`);
  return [`seed ${seed} failed: STEER_SEED=${seed} npm run simulate`, ...lines].join("\n");
}

export async function runSeeds(
  from: number,
  count: number,
  onReport: (report: SeedReport) => void = () => {},
  mutation?: Mutation,
): Promise<Summary> {
  const defects: unknown[] = [];
  const onDefect = (error: unknown): void => void defects.push(error);
  process.on("unhandledRejection", onDefect);
  const failed: SeedReport[] = [];
  const faults = new Map<string, number>();
  const figures = { lost: 0, duplicated: 0, reordered: 0 };
  let divergent = 0;
  let virtualMs = 0;
  let streams = 0;
  let takeovers = 0;
  try {
    for (let seed = from; seed < from + count; seed++) {
      const report = await runSeed(seed, mutation);
      const thrown = defects.splice(0).map((error) => ({
        property: "defect",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }));
      const whole = { ...report, violations: [...report.violations, ...thrown] };
      onReport(whole);
      virtualMs += report.virtualMs;
      streams += report.streams;
      takeovers += report.takeovers;
      for (const [fault, times] of report.faults) {
        faults.set(fault, (faults.get(fault) ?? 0) + times);
      }
      if (whole.violations.length === 0) continue;
      failed.push(whole);
      checkTexts(report.history as HistoryEntry[], figures);
      divergent += whole.violations.filter(({ property }) => /^P[2567]$/.test(property)).length;
    }
  } finally {
    process.off("unhandledRejection", onDefect);
  }
  const kinds = [...faults].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = [
    ...failed.slice(0, MAX_SHOWN).map(describe),
    `seeds ${count}, from ${from}`,
    `virtual time ${hours(virtualMs)}`,
    `streams ${streams}`,
    `faults ${kinds.map(([kind, times]) => `${kind} ${times}`).join(", ")}`,
    `takeovers ${takeovers}`,
    `seeds failed ${failed.length}`,
    `events lost ${figures.lost}`,
    `events duplicated ${figures.duplicated}`,
    `events reordered ${figures.reordered}`,
    `events divergent ${divergent}`,
  ].join("\n");
  return { failed, text };
}
