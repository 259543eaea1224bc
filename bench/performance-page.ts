// The tables of docs/performance.md, made from the results that runs have written.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PageTable, withTables } from "../tests/support/page-tables.ts";
import { type JudgedRow, rowCells } from "./report.ts";
import { type LegResult, readResults } from "./results.ts";
import { TARGETS } from "./targets.ts";

const ROOT = join(import.meta.dirname, "..");
export const PERFORMANCE_PAGE = "docs/performance.md";
export const RESULTS = join(ROOT, "bench/results");

const NOT_MEASURED = "not measured";

/** The measured part of a row: a ratio or a difference if the bar is on it, with the value that it is from. */
function measuredCell(row: JudgedRow): string {
  const { value, ratio, added } = rowCells(row);
  if (row.bar?.of === "ratio") return `${ratio} × (${value})`;
  return row.bar?.of === "added" ? `+ ${added} (${value})` : value;
}

function targetVerdict(measured: readonly JudgedRow[], rows: number): string {
  if (measured.some(({ kept }) => kept !== true)) return "MISSED";
  return measured.length < rows ? `${measured.length} of ${rows} measured` : "ok";
}

function targetRows(results: readonly LegResult[]): PageTable["rows"] {
  const all = results.flatMap((result) => result.rows);
  return Object.entries(TARGETS).map(([name, { figure, before, target, rows }]) => {
    const measured = all.filter((row) => row.target === name);
    return measured.length === 0
      ? [figure, before, target, NOT_MEASURED, ""]
      : [
          figure,
          before,
          target,
          measured.map(measuredCell).join("; "),
          targetVerdict(measured, rows),
        ];
  });
}

function figureRows(results: readonly LegResult[]): PageTable["rows"] {
  return results.flatMap(({ leg, rows }) =>
    rows.map((row) => {
      const { figure, value, floor, ratio, added, bar, verdict, note } = rowCells(row);
      return [leg, figure, value, floor, ratio, added, bar, verdict, note];
    }),
  );
}

function machineRows(results: readonly LegResult[]): PageTable["rows"] {
  return results.map(({ leg, machine, windowSeconds, loadBefore, loadAfter }) => {
    const { at, node, cpu, processors, memoryGiB, speedFactor, commit, isChanged } = machine;
    const state = isChanged ? ", changed" : "";
    return [
      leg,
      at.slice(0, 16).replace("T", " "),
      `${cpu}, ${processors} processors, ${memoryGiB} GiB`,
      `${speedFactor}`,
      node,
      commit === undefined ? "" : `${commit.slice(0, 10)}${state}`,
      `${windowSeconds} s`,
      `${loadBefore[0] ?? ""}, ${loadAfter[0] ?? ""}`,
    ];
  });
}

/** The tables of the page, by the names of their marks. */
export function performanceTables(
  results: readonly LegResult[],
): Readonly<Record<"targets" | "figures" | "machines", PageTable>> {
  return {
    targets: {
      head: ["figure", "on 2026-11-29", "target", "measured", "verdict"],
      rows: targetRows(results),
    },
    figures: {
      head: ["leg", "figure", "value", "floor", "ratio", "added", "bar", "verdict", "note"],
      rows: figureRows(results),
    },
    machines: {
      head: ["leg", "at (UTC)", "machine", "speed", "node", "commit", "window", "load"],
      rows: machineRows(results),
    },
  };
}

/** Writes the tables of the page from the results of all legs. */
export function writePerformancePage(): void {
  const file = join(ROOT, PERFORMANCE_PAGE);
  const tables = performanceTables(readResults(RESULTS));
  writeFileSync(file, withTables(readFileSync(file, "utf8"), tables));
}
