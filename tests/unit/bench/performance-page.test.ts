// The tables of docs/performance.md are those of the results in bench/results/.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PERFORMANCE_PAGE, performanceTables, RESULTS } from "../../../bench/performance-page.ts";
import { judge, type Row } from "../../../bench/report.ts";
import { type LegResult, type Machine, readResults } from "../../../bench/results.ts";
import { TARGETS } from "../../../bench/targets.ts";
import { ROOT } from "../../support/guide-pages.ts";
import { tablesOf, withTables } from "../../support/page-tables.ts";

const HOW_TO_WRITE =
  "npm run bench -- --write LEG, or without a run: STEER_WRITE_PAGES=1 npx vitest run tests/unit/bench/performance-page.test.ts";
const FILE = join(ROOT, PERFORMANCE_PAGE);

const machine: Machine = {
  at: "2026-12-01T12:00:00.000Z",
  node: "v24.21.0",
  cpu: "one",
  processors: 2,
  memoryGiB: 24,
  speedFactor: 1.6,
  commit: "0123456789abcdef",
  isChanged: true,
};

function resultOf(leg: string, ...rows: readonly Row[]): LegResult {
  const times = { windowSeconds: 60, loadBefore: [0.1, 0, 0], loadAfter: [1.2, 1, 1] };
  return { leg, machine, ...times, rows: rows.map(judge) };
}

const ROW = { figure: "unary", unit: "µs/call", value: 90, floor: 50, target: "unary" } as const;
const kept: Row = { ...ROW, bar: { of: "ratio", most: 2.5 } };
const missed: Row = { ...ROW, bar: { of: "ratio", most: 1.056 } };

/** The row of the target, without its first three cells, which are written by hand. */
function measured(...results: readonly LegResult[]): readonly string[] | undefined {
  const place = Object.keys(TARGETS).indexOf("unary");
  return performanceTables(results).targets.rows[place]?.slice(3);
}

if (process.env["STEER_WRITE_PAGES"] !== undefined) {
  const page = readFileSync(FILE, "utf8");
  writeFileSync(FILE, withTables(page, performanceTables(readResults(RESULTS))));
}

it("the page has the tables of the results", () => {
  const page = readFileSync(FILE, "utf8");
  const tables = performanceTables(readResults(RESULTS));
  expect(tablesOf(page)).toEqual(Object.keys(tables));
  expect(page, HOW_TO_WRITE).toBe(withTables(page, tables));
});

describe("a target", () => {
  it("without a row is not measured", () => {
    expect(measured()).toEqual(["not measured", ""]);
  });

  it("is reached if each of its rows keeps its bar", () => {
    const cell = "1.80 × (90.0 µs/call); 1.80 × (90.0 µs/call)";
    expect(measured(resultOf("unary", kept, kept))).toEqual([cell, "ok"]);
    expect(measured(resultOf("unary", kept), resultOf("peers", missed))).toEqual([cell, "MISSED"]);
  });

  it("is not reached before all of its rows are measured", () => {
    expect(measured(resultOf("unary", kept))).toEqual(["1.80 × (90.0 µs/call)", "1 of 2 measured"]);
  });

  it("is missed if a row has no number", () => {
    const none = resultOf("unary", { ...kept, value: Number.NaN });
    const read = JSON.parse(JSON.stringify(none)) as LegResult;
    expect(measured(none)?.[1]).toBe("MISSED");
    expect(measured(read)?.[1]).toBe("MISSED");
  });
});

it("a figure has its leg, its floor and its verdict", () => {
  const { figures } = performanceTables([resultOf("unary", missed)]);
  expect(figures.rows).toEqual([
    ["unary", "unary", "90.0 µs/call", "50.0", "1.80", "40.0", "≤ 1.056 ×", "MISSED", ""],
  ]);
});

it("a run has its machine, its commit and its load", () => {
  const { machines } = performanceTables([resultOf("unary", kept)]);
  expect(machines.rows).toEqual([
    [
      "unary",
      "2026-12-01 12:00",
      "one, 2 processors, 24 GiB",
      "1.6",
      "v24.21.0",
      "0123456789, changed",
      "60 s",
      "0.1, 1.2",
    ],
  ]);
});
