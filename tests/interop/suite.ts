import type { Expectation } from "./expectation.ts";
import type { Command } from "./language.ts";
import { failureOf, type Result, runCommand } from "./run-command.ts";

/** What became of one cell of the table; empty: it is as it should be. */
export type Failure = string;

/** Cells that run one after another, by name. */
export type Lane = Readonly<Record<string, () => Promise<Failure>>>;

/** A row of cells that have their preparation in common. */
export interface Suite {
  readonly name: string;
  readonly needs: readonly string[];
  readonly prepare: readonly Command[];
  /** By name. They run in order and alone: they share gateways, whose logs are evidence. */
  readonly cells: Lane;
  /** Run after the cells and beside each other. */
  readonly lanes: readonly Lane[];
}

const PREPARE_LIMIT_MS = 900_000;
const JUDGE_FOR_MS = 3_000;
const LOG_LINES = 40;

/** The command with the end of what it has printed. */
export function described(result: Result, why: string): Failure {
  const end = (text: string): string => text.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  return [why, `stdout: ${end(result.stdout)}`, `stderr: ${end(result.stderr)}`].join("\n");
}

export async function prepare({ prepare: commands }: Suite): Promise<Failure> {
  for (const command of commands) {
    const result = await runCommand(command, {}, PREPARE_LIMIT_MS);
    const why = failureOf(result);
    if (why !== undefined) {
      return described(result, `${command.command} ${command.args.join(" ")}: ${why}`);
    }
  }
  return "";
}

/** Judges until everything is met, for a while: a log line comes after the call that it is about. */
export async function judged(
  result: Result,
  judge: () => readonly Expectation[] | Promise<readonly Expectation[]>,
): Promise<Failure> {
  const why = failureOf(result);
  if (why !== undefined) return described(result, why);
  const deadline = performance.now() + JUDGE_FOR_MS;
  for (;;) {
    const unmet = (await judge()).filter(({ isMet }) => !isMet);
    if (unmet.length === 0) return "";
    if (performance.now() > deadline) {
      const lines = unmet.map(({ what, found }) => `${what}: ${found}`);
      return described(result, lines.join("\n"));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
