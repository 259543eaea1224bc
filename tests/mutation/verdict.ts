import type { Choice } from "./choose-tests.ts";
import type { Lane, LaneOutcome, Limits } from "./lane.ts";
import { type Mutant, mutatedText } from "./mutant.ts";
import type { MappedTest } from "./test-map.ts";

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

function inRuns(tests: readonly MappedTest[]): readonly (readonly MappedTest[])[] {
  const quick = tests.filter(({ ms }) => ms <= QUICK_MS);
  const slow = tests.filter(({ ms }) => ms > QUICK_MS);
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
 * Tests a mutant in a lane. What a system test says counts if it says so twice: real time and
 * real processes fail at times without a mutant.
 */
export async function judge(
  mutant: Mutant,
  text: string,
  { unit, system, leftOut }: Choice,
  lane: Lane,
): Promise<Verdict> {
  if (unit.length + system.length === 0) return { end: "unreached" };
  lane.write(mutant.file, mutatedText(text, mutant));
  try {
    for (const tests of inRuns(unit)) {
      const byUnit = await failure(lane, tests);
      if (byUnit !== undefined) return { end: "killed", by: byUnit };
    }
    for (const test of system) {
      const bySystem = (await failure(lane, [test])) && (await failure(lane, [test]));
      if (bySystem) return { end: "killed", by: bySystem };
    }
    return { end: "survived", ran: unit.length + system.length, leftOut };
  } finally {
    lane.restore();
  }
}
