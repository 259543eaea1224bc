import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentOfRun } from "./test-run.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Files that the conformance suite needs. */
const COPIED = [
  "gen",
  "package.json",
  "src",
  "tests/support",
  "tests/system/reliability",
  "tsconfig.json",
  "vitest.config.ts",
];

/** A change of one place in the sources. */
export interface Mutation {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** Messages of the failed tests. */
  readonly messages: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[];
  }[];
}

/** Runs a test file in a copy of the repository with a mutation in its sources. */
export async function runMutant(
  test: string,
  mutation: Mutation | undefined,
): Promise<SuiteResult> {
  const copy = mkdtempSync(join(tmpdir(), "steer-mutant-"));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "junction");
    if (mutation !== undefined) {
      const file = join(copy, mutation.file);
      const text = readFileSync(file, "utf8");
      const pieces = text.split(mutation.from);
      if (pieces.length !== 2) throw new Error(`${mutation.file} has no one ${mutation.from}`);
      writeFileSync(file, pieces.join(mutation.to));
    }
    const report = join(copy, "report.json");
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", test, "--bail=1", "--reporter=json", `--outputFile=${report}`];
    // Without the variables of the outer run for its workers.
    const env = { ...environmentOfRun(), HOME: process.env["HOME"], TMPDIR: tmpdir() };
    await new Promise<void>((resolve) => {
      execFile(process.execPath, args, { cwd: copy, env }, () => resolve());
    });
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    ) as Report;
    const messages = testResults.flatMap(({ message, assertionResults }) => [
      ...(message === "" ? [] : [message]),
      ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
    ]);
    return { passed: numPassedTests, failed: numFailedTests, messages };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
