import { loadavg } from "node:os";

/** The bar of a figure: on its value, on its ratio to the floor, or on the difference to the floor. */
export interface Bar {
  readonly of: "value" | "ratio" | "added";
  readonly most?: number;
  readonly least?: number;
}

export interface Row {
  readonly figure: string;
  readonly unit: string;
  readonly value: number;
  readonly floor?: number;
  readonly bar?: Bar;
  readonly note?: string;
}

function judged({ value, floor = 0, bar }: Row): number {
  if (bar?.of === "ratio") return value / floor;
  return bar?.of === "added" ? value - floor : value;
}

function isKept(row: Row): boolean | undefined {
  const { bar } = row;
  if (bar === undefined) return undefined;
  const { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = bar;
  return judged(row) <= most && judged(row) >= least;
}

function digits(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toString();
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function barText({ of, most, least }: Bar): string {
  const limit = most === undefined ? `≥ ${least}` : `≤ ${most}`;
  return of === "ratio" ? `${limit} ×` : of === "added" ? `+ ${limit}` : limit;
}

const VERDICTS = new Map<boolean | undefined, string>([
  [true, "ok"],
  [false, "MISSED"],
]);

/** A row of the tables in `docs/performance.md`. */
function line(row: Row): string {
  const { figure, unit, value, floor, bar, note = "" } = row;
  const cells = [
    figure,
    `${digits(value)} ${unit}`,
    floor === undefined ? "" : digits(floor),
    floor === undefined ? "" : digits(value / floor),
    floor === undefined ? "" : digits(value - floor),
    bar === undefined ? "" : barText(bar),
    VERDICTS.get(isKept(row)) ?? "",
    note,
  ];
  return `| ${cells.join(" | ")} |`;
}

export interface Report {
  add(leg: string, rows: readonly Row[]): void;
  end(): void;
}

function machine() {
  const load = loadavg().map((value) => Number(value.toFixed(2)));
  return { at: new Date().toISOString(), node: process.version, load };
}

export function startReport(asJson: boolean): Report {
  const startedOn = machine();
  const all: object[] = [];
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  if (!asJson) {
    write(`node ${startedOn.node}, load average at the start ${startedOn.load.join(" ")}\n`);
    write("| figure | value | floor | ratio | added | bar | verdict | |");
    write("|---|---|---|---|---|---|---|---|");
  }
  return {
    add(leg, rows) {
      for (const row of rows) {
        all.push({ leg, ...row, kept: isKept(row) });
        if (!asJson) write(line(row));
      }
    },
    end() {
      const endedOn = machine();
      if (asJson) write(JSON.stringify({ startedOn, endedOn, rows: all }, null, 2));
      else write(`\nload average at the end ${endedOn.load.join(" ")}`);
    },
  };
}
