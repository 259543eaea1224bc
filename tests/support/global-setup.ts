// Setup of every vitest run: the run fails if something is left behind.
import { beginTestRun, leftLines, type TestRun } from "./test-run.ts";

let run: TestRun | undefined;

export function setup(): void {
  run = beginTestRun();
}

export async function teardown(): Promise<void> {
  const left = (await run?.end()) ?? [];
  if (left.length === 0) return;
  process.stdout.write(leftLines(left));
  process.exitCode = 1;
}
