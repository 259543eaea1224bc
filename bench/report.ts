import type { Besides } from "./measure.ts";
import type { TargetName } from "./targets.ts";

/** The bar of a figure: on its value, on its ratio to the floor, or on the difference to the floor. */
export interface Bar {
  readonly of: "value" | "ratio" | "added";
  readonly most?: number;
  readonly least?: number;
}

export interface Row {
  readonly figure: string;
  readonly unit: string;
  /** NaN, or null when read from a file: nothing was measured, and the note says why. */
  readonly value: number;
  readonly floor?: number;
  readonly bar?: Bar;
  /** The target that the bar belongs to. */
  readonly target?: TargetName;
  /** What the figure was chosen from. */
  readonly rounds?: Besides["rounds"];
  readonly note?: string;
}

/** A row with its verdict; undefined: it has no bar. */
export interface JudgedRow extends Row {
  readonly kept?: boolean | undefined;
}

function judged({ value, floor = 0, bar }: Row): number {
  if (bar?.of === "ratio") return value / floor;
  return bar?.of === "added" ? value - floor : value;
}

/** A figure that is no number does not keep its bar. */
export function judge(row: Row): JudgedRow {
  const { bar } = row;
  if (bar === undefined) return row;
  const { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = bar;
  return { ...row, kept: judged(row) <= most && judged(row) >= least };
}

function digits(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toString();
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function barText({ of, most, least }: Bar): string {
  const limit = most === undefined ? `≥ ${least}` : `≤ ${Number(most.toFixed(3))}`;
  return of === "ratio" ? `${limit} ×` : of === "added" ? `+ ${limit}` : limit;
}

function verdictOf(kept: boolean | undefined): string {
  if (kept === undefined) return "";
  return kept ? "ok" : "MISSED";
}

/** The texts of a row's cells. A cell without content is "". */
export function rowCells(row: JudgedRow) {
  const { figure, unit, value, floor, bar, kept, note = "" } = row;
  return {
    figure,
    value: Number.isFinite(value) ? `${digits(value)} ${unit}` : "–",
    floor: floor === undefined ? "" : digits(floor),
    // A floor of nothing has no ratio.
    ratio: !floor ? "" : digits(value / floor),
    added: floor === undefined ? "" : digits(value - floor),
    bar: bar === undefined ? "" : barText(bar),
    verdict: verdictOf(kept),
    note,
  };
}

const HEAD = ["figure", "value", "floor", "ratio", "added", "bar", "verdict", "note"];

/** The beginning of a table of rows. */
export const tableHead = `| ${HEAD.join(" | ")} |\n|${"---|".repeat(HEAD.length)}`;

/** A row of a table. */
export function tableLine(row: JudgedRow): string {
  return `| ${Object.values(rowCells(row)).join(" | ")} |`;
}
