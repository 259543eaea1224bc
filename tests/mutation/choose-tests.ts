import { basename, dirname } from "node:path";
import { isSystemTest } from "./sources.ts";
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
  /** In the order in which they run. */
  readonly unit: readonly MappedTest[];
  readonly system: readonly MappedTest[];
  /** Test files that execute the place too and are too many or too slow. */
  readonly leftOut: number;
}

/** How many tests a mutant is worth. */
export interface Effort {
  /** Of all its unit tests together. */
  readonly unitMs: number;
  readonly systemTests: number;
}

/** The next tests find little more, and take most of the time. */
export const USUAL_EFFORT: Effort = { unitMs: 60_000, systemTests: 3 };
export const WHOLE_EFFORT: Effort = {
  unitMs: Number.POSITIVE_INFINITY,
  systemTests: Number.POSITIVE_INFINITY,
};

const isSystem = ({ file }: MappedTest): boolean => isSystemTest(file);

/** The tests that execute a place: the file's own test first, then its folder's, each the quickest first. */
export function chooseTests(
  tests: readonly MappedTest[],
  site: Site,
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
    .filter(({ passed, ran }) => passed && ran.includes(site.probe))
    .map((test) => ({ test, rank: rank(test) }))
    .toSorted((a, b) => a.rank - b.rank || a.test.ms - b.test.ms)
    .map(({ test }) => test);
  let ms = 0;
  const unit = related.filter((test, index) => {
    if (isSystem(test)) return false;
    ms += test.ms;
    return index === 0 || ms <= effort.unitMs;
  });
  const system = related.filter(isSystem).slice(0, effort.systemTests);
  return { unit, system, leftOut: related.length - unit.length - system.length };
}
