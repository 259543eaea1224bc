import { expect, test } from "vitest";
import { chooseTests, type Site, WHOLE_EFFORT } from "../../mutation/choose-tests.ts";
import type { MappedTest } from "../../mutation/test-map.ts";

const SITE: Site = { file: "src/usage/cost.ts", probe: 7, isTop: false, later: [7, 8] };

function mapped(file: string, ms: number, ran = [7], passed = true): MappedTest {
  return { file: `tests/${file}.test.ts`, hash: "", ms, ran, passed };
}

function names(tests: readonly MappedTest[]): string[] {
  return tests.map(({ file }) => file.slice("tests/".length, -".test.ts".length));
}

test("those that execute the place, the file's own before its folder's, the quickest first", () => {
  const tests = [
    mapped("unit/elsewhere/quickest", 10),
    mapped("unit/usage/slow", 900),
    mapped("unit/usage/quick", 100),
    mapped("unit/usage/cost", 500),
    mapped("unit/usage/elsewhere", 1, [8]),
  ];
  const { tests: unit, leftOut } = chooseTests(tests, SITE, "unit");
  expect(names(unit)).toEqual([
    "unit/usage/cost",
    "unit/usage/quick",
    "unit/usage/slow",
    "unit/elsewhere/quickest",
  ]);
  expect(leftOut).toBe(0);
});

test("the three quickest system tests, and how many were left out", () => {
  const mappedTests = [4, 2, 5, 1, 3, 6].map((ms) => mapped(`system/s${ms}`, ms));
  expect(chooseTests(mappedTests, SITE, "unit")).toEqual({ tests: [], leftOut: 0 });
  const { tests, leftOut } = chooseTests(mappedTests, SITE, "system");
  expect(names(tests)).toEqual([1, 2, 3].map((ms) => `system/s${ms}`));
  expect(leftOut).toBe(3);
  expect(chooseTests(mappedTests, SITE, "system", WHOLE_EFFORT).leftOut).toBe(0);
});

test("forty unit tests, however slow a busy machine has found them", () => {
  const slow = Array.from({ length: 42 }, (_, index) => mapped(`unit/t${index}`, 61_000 + index));
  const { tests, leftOut } = chooseTests(slow.toReversed(), SITE, "unit");
  expect(names(tests)).toEqual(Array.from({ length: 40 }, (_, index) => `unit/t${index}`));
  expect(leftOut).toBe(2);
});

test("a test that fails without a mutant says nothing of one", () => {
  expect(chooseTests([mapped("unit/red", 1, [7], false)], SITE, "unit").tests).toEqual([]);
});

test("what runs at loading is for those first that execute more of the file", () => {
  const top: Site = { ...SITE, probe: 6, isTop: true };
  const tests = [mapped("unit/loads", 1, [6]), mapped("unit/calls", 5, [6, 8])];
  expect(names(chooseTests(tests, top, "unit").tests)).toEqual(["unit/calls", "unit/loads"]);
});
