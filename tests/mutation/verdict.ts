import type { Choice } from "./choose-tests.ts";
import type { Lane, Limits } from "./lane.ts";
import { type Mutant, mutatedText } from "./mutant.ts";
import { kindOf } from "./sources.ts";
import type { MappedTest } from "./test-map.ts";
import type { LaneOutcome } from "./test-runner.ts";

/** `by`: the test that failed; `leftOut`: test files that execute the place too and did not run. */
export type Verdict =
  | { readonly end: "killed"; readonly by: string }
  | { readonly end: "survived"; readonly ran: number; readonly leftOut: number }
  | { readonly end: "unreached" };

/** For a machine that does something else at the same time. */
const PATIENCE = 2;
const START_MS = 15_000;
/** A test file that takes longer has a run of its own: what hangs in the others is known sooner. */
const QUICK_MS = 4_000;

function limitsOf(tests: readonly MappedTest[]): Limits {
  const all = tests.map(({ ms }) => ms);
  return {
    testTimeoutMs: START_MS + PATIENCE * Math.max(...all),
    totalMs: START_MS + PATIENCE * all.reduce((sum, ms) => sum + ms, 0),
  };
}

const isQuick = ({ file, ms }: MappedTest): boolean => kindOf(file) === "unit" && ms <= QUICK_MS;

function inRuns(tests: readonly MappedTest[]): readonly (readonly MappedTest[])[] {
  const quick = tests.filter(isQuick);
  const slow = tests.filter((test) => !isQuick(test));
  return [...(quick.length > 0 ? [quick] : []), ...slow.map((test) => [test])];
}

async function failure(lane: Lane, tests: readonly MappedTest[]): Promise<string | undefined> {
  const outcome: LaneOutcome = await lane.run(
    tests.map(({ file }) => file),
    limitsOf(tests),
  );
  return outcome.passed ? undefined : outcome.by || "an error outside the tests";
}

/**
 * Tests a mutant in a lane. What a contract or system test says counts if it says so twice: real time
 * and real processes fail at times without a mutant.
 */
export async function judge(
  mutant: Mutant,
  text: string,
  { tests, leftOut }: Choice,
  lane: Lane,
): Promise<Verdict> {
  if (tests.length === 0) return { end: "unreached" };
  lane.write(mutant.file, mutatedText(text, mutant));
  try {
    for (const run of inRuns(tests)) {
      const by = await failure(lane, run);
      const isSure = by !== undefined && run.every(({ file }) => kindOf(file) === "unit");
      if (by !== undefined && (isSure || (await failure(lane, run)) !== undefined)) {
        return { end: "killed", by };
      }
    }
    return { end: "survived", ran: tests.length, leftOut };
  } finally {
    lane.restore();
  }
}

/** The verdict of two kinds of tests together, of which the second was asked about what the first does not notice. */
export function bothVerdicts(first: Verdict, second: Verdict): Verdict {
  if (first.end !== "survived") return second;
  if (second.end !== "survived") return second.end === "killed" ? second : first;
  const { ran, leftOut } = second;
  return { end: "survived", ran: first.ran + ran, leftOut: first.leftOut + leftOut };
}
