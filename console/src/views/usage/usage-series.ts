// Rows of usage as series of a chart.
import type { UsageRow } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import type { ChartSeries } from "../../parts/chart.tsx";
import { toTime } from "../../parts/formats.ts";
import { roughMoney } from "../../parts/money.ts";
import type { Measure } from "./usage-query.ts";

/** Groups with a colour of their own. */
const MAX_SERIES = 7;

const NONE = "(none)";
const OTHER = "all others";

export function groupName({ group }: UsageRow): string {
  const name = group.join(" / ");
  return name === "" ? NONE : name;
}

/** The row's value in a chart; `currency` chooses one of several. */
export function measured(row: UsageRow, measure: Measure, currency: string): number {
  switch (measure) {
    case "cost":
      return row.costs
        .filter(({ currencyCode }) => currencyCode === currency)
        .reduce((sum, cost) => sum + roughMoney(cost), 0);
    case "input":
      return Number(row.inputTokens);
    case "output":
      return Number(row.outputTokens);
    case "calls":
      return Number(row.calls);
  }
}

export interface SeriesOptions {
  readonly rows: readonly UsageRow[];
  /** Beginnings of the periods, in seconds. */
  readonly times: readonly number[];
  /** The value of a row. */
  readonly read: (row: UsageRow) => number;
}

/** One series for each of the largest groups, and one for all others together. */
export function toSeries({ rows, times, read }: SeriesOptions): ChartSeries[] {
  const totals = new Map<string, number>();
  for (const row of rows) {
    const name = groupName(row);
    totals.set(name, (totals.get(name) ?? 0) + read(row));
  }
  const largest = [...totals]
    .filter(([, total]) => total > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([name]) => name);
  const shown = largest.slice(0, MAX_SERIES);
  const names = largest.length > MAX_SERIES ? [...shown, OTHER] : shown;
  const places = new Map(times.map((time, index) => [time, index]));
  const values = new Map(names.map((name) => [name, times.map(() => 0)]));
  for (const row of rows) {
    const name = groupName(row);
    const own = values.get(shown.includes(name) ? name : OTHER);
    const place = places.get(Math.round((toTime(row.startTime) ?? 0) / 1_000));
    if (own !== undefined && place !== undefined) own[place] = (own[place] ?? 0) + read(row);
  }
  return names.map((label) => ({ label, values: values.get(label) ?? [] }));
}

/** The beginnings of all periods between two times, in seconds. */
export function periodsBetween(from: number, to: number, seconds: number): number[] {
  const first = Math.floor(from / seconds) * seconds;
  const count = Math.max(Math.ceil((to - first) / seconds), 0);
  return Array.from({ length: count }, (_, index) => first + index * seconds);
}
