import { useMemo } from "preact/hooks";
import { Chart, type ChartSeries } from "../../parts/chart.tsx";
import { formatMs, formatRate, formatShort, UNKNOWN } from "../../parts/formats.ts";
import { roughMoney } from "../../parts/money.ts";
import { type ActivitySum, percentile, sumPeriods } from "./activity-sums.ts";
import { type Activity, HISTORY_SECONDS } from "./use-activity.ts";

/** Seconds of one point of the charts. */
const PERIOD_SECONDS = 10;
const HOUR_SECONDS = 3_600;

interface Line {
  readonly label: string;
  readonly of: (sum: ActivitySum) => number | undefined;
}

interface ChartPlan {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

const perSecond = (count: number, { seconds }: ActivitySum): number => count / Math.max(seconds, 1);

function plansOf(bounds: readonly number[], currency: string): ChartPlan[] {
  const firstToken = (q: number) => (sum: ActivitySum) =>
    percentile(sum.firstTokenCounts, bounds, q);
  const costOf = ({ costs, seconds }: ActivitySum): number => {
    const cost = costs.find(({ currencyCode }) => currencyCode === currency);
    return cost === undefined ? 0 : (roughMoney(cost) * HOUR_SECONDS) / Math.max(seconds, 1);
  };
  return [
    {
      title: "Calls a second",
      format: formatRate,
      lines: [
        { label: "calls", of: (sum) => perSecond(sum.calls, sum) },
        { label: "failures", of: (sum) => perSecond(sum.failures, sum) },
      ],
    },
    {
      title: "Running generations",
      format: formatShort,
      lines: [{ label: "running", of: (sum) => sum.runningGenerations }],
    },
    {
      title: "Time to first token",
      format: formatMs,
      lines: [
        { label: "p50", of: firstToken(0.5) },
        { label: "p95", of: firstToken(0.95) },
      ],
    },
    {
      title: "Tokens a second",
      format: formatShort,
      lines: [
        { label: "output", of: (sum) => perSecond(sum.outputTokens, sum) },
        { label: "input", of: (sum) => perSecond(sum.inputTokens, sum) },
      ],
    },
    {
      title: `Cost an hour${currency === "" ? "" : `, ${currency}`}`,
      format: formatRate,
      lines: [{ label: "cost", of: costOf }],
    },
    {
      title: "Event-loop delay",
      format: formatMs,
      lines: [{ label: "longest", of: ({ delayMs }) => delayMs }],
    },
  ];
}

/** The last value and the highest, in words. */
function summaryOf({
  values,
  format,
}: { values: readonly (number | null)[] } & Pick<ChartPlan, "format">) {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return "nothing yet";
  return `now ${format(last)}, at most ${format(Math.max(...known))}`;
}

/** The last 15 minutes. */
export function NowCharts({ activity: { samples, bounds } }: { activity: Activity }) {
  const periods = useMemo(() => sumPeriods(samples, PERIOD_SECONDS), [samples]);
  // The period that is under way would look like a fall.
  const whole = periods.slice(0, -1);
  const times = whole.map(({ endSeconds }) => endSeconds);
  const currency = periods.flatMap(({ costs }) => costs)[0]?.currencyCode ?? "";
  const last = times.at(-1) ?? 0;
  const span = { from: last - HISTORY_SECONDS, to: last };
  return (
    <div class="charts">
      {plansOf(bounds, currency).map(({ title, lines, format }) => {
        const series: ChartSeries[] = lines.map(({ label, of }) => {
          const values = whole.map((sum) => of(sum) ?? null);
          const last = values.at(-1);
          return { label, values, note: typeof last === "number" ? format(last) : UNKNOWN };
        });
        const summary = series
          .map(({ label, values }) => {
            const words = summaryOf({ values, format });
            return series.length === 1 ? words : `${label}: ${words}`;
          })
          .join("; ");
        return (
          <section class="card" key={title}>
            <Chart {...{ title, summary, times, series, format, span }} />
          </section>
        );
      })}
    </div>
  );
}
