import { useMemo } from "preact/hooks";
import { Chart } from "../../parts/chart.tsx";
import { formatRate, formatShort, toTime } from "../../parts/formats.ts";
import { MEASURES, periodSeconds, type UsageAnswer, type UsageQuery } from "./usage-query.ts";
import { measured, periodsBetween, toSeries } from "./usage-series.ts";

const HEIGHT = 220;

/** The currency of most money in the rows' total; empty: none. */
function mainCurrency({ whole }: UsageAnswer): string {
  return whole.total?.costs[0]?.currencyCode ?? "";
}

export function UsageChart({ query, answer }: { query: UsageQuery; answer: UsageAnswer }) {
  const { measure } = query;
  const seconds = periodSeconds(query);
  const currency = mainCurrency(answer);
  const others = (answer.whole.total?.costs.length ?? 0) - 1;
  const format = measure === "cost" ? formatRate : formatShort;
  const { times, series } = useMemo(() => {
    const { rows, fromTime, toTime: end } = answer.periods;
    const from = (toTime(fromTime) ?? 0) / 1_000;
    const periods = periodsBetween(from, (toTime(end) ?? 0) / 1_000, seconds);
    const read = (row: (typeof rows)[number]): number => measured(row, measure, currency);
    const unlabelled = toSeries({ rows, times: periods, read });
    const noted = unlabelled.map((one) => ({
      ...one,
      note: format(one.values.reduce<number>((sum, value) => sum + (value ?? 0), 0)),
    }));
    return { times: periods, series: noted };
  }, [answer, measure, seconds, currency]);
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return null;
  const unit = measure === "cost" && currency !== "" ? `, ${currency}` : "";
  const title = `${MEASURES[measure]}${unit}, ${query.isHourly ? "by hour" : "by day"}, UTC`;
  const summary =
    series.length === 0
      ? "nothing in this time"
      : series.map(({ label, note }) => `${label}: ${note}`).join("; ");
  return (
    <section class="card usage-chart">
      <Chart
        {...{ title, summary, times, series, format }}
        span={{ from: first, to: last + seconds }}
        height={HEIGHT}
        isStacked
        hasBars
        isUtc
      />
      {measure === "cost" && others > 0 && (
        <p class="quiet">Other currencies are in the table and in the CSV.</p>
      )}
    </section>
  );
}
