// What a run has measured, as JSON in `bench/results/`: one file for each leg, replaced by the leg's next run.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import type { JudgedRow } from "./report.ts";

const ROOT = join(import.meta.dirname, "..");
const GIB = 1024 ** 3;

/** The machine, and the state of the checkout, before a run. */
export interface Machine {
  /** Time of the start, as in ISO 8601. */
  readonly at: string;
  readonly node: string;
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  /** How many times slower the machine is than the one of reference: by `.ci/speed.mjs`, from 1 to 4. */
  readonly speedFactor: number;
  /** Commit of the checkout; undefined outside of a repository. */
  readonly commit: string | undefined;
  /** The checkout differs from its commit. */
  readonly isChanged: boolean;
}

/** The run of one leg. */
export interface LegResult {
  readonly leg: string;
  readonly machine: Machine;
  /** Length of the leg's window in seconds. */
  readonly windowSeconds: number;
  /** Load averages of 1, 5 and 15 minutes. The load of the bench itself counts. */
  readonly loadBefore: readonly number[];
  readonly loadAfter: readonly number[];
  readonly rows: readonly JudgedRow[];
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function speedFactor(): number {
  const line = execFileSync(process.execPath, [join(ROOT, ".ci/speed.mjs")], { encoding: "utf8" });
  return Number(line.trim().split(" ").at(-1));
}

export const loadNow = (): number[] => loadavg().map((value) => Number(value.toFixed(2)));

/** Takes some seconds of a processor, for the speed of the machine. */
export function describeMachine(): Machine {
  return {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / GIB),
    speedFactor: speedFactor(),
    commit: git("rev-parse", "HEAD"),
    isChanged: git("status", "--porcelain", "--untracked-files=no") !== "",
  };
}

/** The results in `folder`, by the names of their legs; none if there is no folder. */
export function readResults(folder: string): LegResult[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as LegResult);
}

/** More digits would be noise. */
function short(_key: string, value: unknown): unknown {
  return typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
}

/** Replaces the leg's result. Numbers have six digits; a figure that is no number becomes null. */
export function writeResult(folder: string, result: LegResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${result.leg}.json`), `${JSON.stringify(result, short, 2)}\n`);
}
