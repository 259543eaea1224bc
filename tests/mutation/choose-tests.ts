import { basename, dirname } from "node:path";
import { kindOf, type TestKind } from "./sources.ts";
import type { MappedTest } from "./test-map.ts";

/** Where a mutant is, in probes. */
export interface Site {
  readonly file: string;
  /** The smallest piece around it. */
  readonly probe: number;
  /** It runs when the file is loaded, whichever part of the file a test is about. */
  readonly isTop: boolean;
  /** Of the file: those that run later than its loading. */
  readonly later: readonly number[];
}

export interface Choice {
  /** Of one kind, in the order in which they run. */
  readonly tests: readonly MappedTest[];
  /** Test files of the kind that execute the place too and are too many. */
  readonly leftOut: number;
}

/** How many test files a mutant is worth: with a number of seconds, a busy machine would leave out others. */
export type Effort = Readonly<Record<TestKind, number>>;

/** The next tests find little more, and take most of the time. */
export const USUAL_EFFORT: Effort = { unit: 40, contract: 5, system: 3 };
export const WHOLE_EFFORT: Effort = {
  unit: Number.POSITIVE_INFINITY,
  contract: Number.POSITIVE_INFINITY,
  system: Number.POSITIVE_INFINITY,
};

/** The tests that execute a place: the file's own test first, then its folder's, each the quickest first. */
export function chooseTests(
  tests: readonly MappedTest[],
  site: Site,
  kind: TestKind,
  effort = USUAL_EFFORT,
): Choice {
  const later = new Set(site.later);
  const folder = dirname(site.file).replace(/^src/, "tests/unit");
  const rank = (test: MappedTest): number => {
    if (basename(test.file, ".test.ts") === basename(site.file, ".ts")) return 0;
    if (site.isTop && !test.ran.some((probe) => later.has(probe))) return 3;
    return dirname(test.file) === folder ? 1 : 2;
  };
  const related = tests
    .filter(({ file, passed, ran }) => passed && kindOf(file) === kind && ran.includes(site.probe))
    .map((test) => ({ test, rank: rank(test) }))
    .toSorted((a, b) => a.rank - b.rank || a.test.ms - b.test.ms)
    .map(({ test }) => test);
  const chosen = related.slice(0, effort[kind]);
  return { tests: chosen, leftOut: related.length - chosen.length };
}
