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
  const { unit, leftOut } = chooseTests(tests, SITE);
  expect(names(unit)).toEqual([
    "unit/usage/cost",
    "unit/usage/quick",
    "unit/usage/slow",
    "unit/elsewhere/quickest",
  ]);
  expect(leftOut).toBe(0);
});

test("the three quickest system tests, and how many were left out", () => {
  const tests = [4, 2, 5, 1, 3].map((ms) => mapped(`system/s${ms}`, ms));
  const { unit, system, leftOut } = chooseTests(tests, SITE);
  expect(unit).toEqual([]);
  expect(names(system)).toEqual(["system/s1", "system/s2", "system/s3"]);
  expect(leftOut).toBe(2);
  expect(chooseTests(tests, SITE, WHOLE_EFFORT)).toMatchObject({ leftOut: 0 });
});

test("unit tests up to a minute, one at least", () => {
  const minutes = ["a", "b"].map((name) => mapped(`unit/${name}`, 61_000));
  expect(names(chooseTests(minutes, SITE).unit)).toEqual(["unit/a"]);
  const halves = ["a", "b", "c"].map((name) => mapped(`unit/${name}`, 30_000));
  const { unit, leftOut } = chooseTests(halves, SITE);
  expect(names(unit)).toEqual(["unit/a", "unit/b"]);
  expect(leftOut).toBe(1);
});

test("a test that fails without a mutant says nothing of one", () => {
  expect(chooseTests([mapped("unit/red", 1, [7], false)], SITE).unit).toEqual([]);
});

test("what runs at loading is for those first that execute more of the file", () => {
  const top: Site = { ...SITE, probe: 6, isTop: true };
  const tests = [mapped("unit/loads", 1, [6]), mapped("unit/calls", 5, [6, 8])];
  expect(names(chooseTests(tests, top).unit)).toEqual(["unit/calls", "unit/loads"]);
});
