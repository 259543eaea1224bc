import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface ChartSeries {
  readonly label: string;
  /** Beside the label in the legend, for example the last value. */
  readonly note?: string;
  /** One value for each time; null: none is known. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What the chart shows, as a heading. */
  readonly title: string;
  /** What the chart says, in words. It is for screen readers alone if there is a legend. */
  readonly summary: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  /** A value as text, for the axis and the legend. */
  readonly format: (value: number) => string;
  /** Areas on top of each other in place of lines, in the order of the series. */
  readonly isStacked?: boolean;
  /** Bars in place of lines. The times are the beginnings of their periods. */
  readonly hasBars?: boolean;
  /** The axis has times of UTC in place of the browser's. */
  readonly isUtc?: boolean;
  /** Beginning and end of the axis, in seconds since 1970; undefined: those of the times. */
  readonly span?: { readonly from: number; readonly to: number };
  /** In pixels. */
  readonly height?: number;
}

const HEIGHT = 120;
const AXIS_WIDTH = 56;
const FILL_ALPHA = "22";
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** Colours of series in both looks. The legend has the same order, and lines differ by their dashes too. */
const SERIES_COLOURS = [
  "--accent",
  "--series-2",
  "--series-3",
  "--series-4",
  "--series-5",
  "--series-6",
  "--series-7",
  "--quiet",
] as const;
const DASHES: readonly number[][] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

/** The colour of a variable as canvas can use it: `light-dark()` is resolved by an element. */
function colourOf(host: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** `rgb(1, 2, 3)` with less of it. */
function faded(colour: string): string {
  const parts = colour.match(/\d+/g)?.slice(0, 3) ?? ["0", "0", "0"];
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}${FILL_ALPHA}`;
}

/** Series on top of each other: each value becomes the sum up to its series. */
function stacked(series: readonly ChartSeries[]): (number | null)[][] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, index) => {
      const sum = (sums[index] ?? 0) + (value ?? 0);
      sums[index] = sum;
      // A bar without height would be a line.
      return sum === 0 ? null : sum;
    }),
  );
}

type ToDate = (seconds: number) => Date;

const local: ToDate = (seconds) => new Date(seconds * 1_000);
/** A date whose local parts are those of UTC. */
const utc: ToDate = (seconds) => uPlot.tzDate(local(seconds), "Etc/UTC");

const two = (value: number): string => String(value).padStart(2, "0");

/** Times of the day, or days where each tick is a day or more. */
function timeTicks(ticks: readonly number[], step: number, toDate: ToDate): string[] {
  return ticks.map((tick) => {
    const time = toDate(tick);
    const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const isDay = time.getHours() === 0 && time.getMinutes() === 0;
    if (step >= DAY_SECONDS || (isDay && step >= HOUR_SECONDS)) return day;
    return `${two(time.getHours())}:${two(time.getMinutes())}`;
  });
}

function dataOf({ times, series, isStacked }: ChartProps): uPlot.AlignedData {
  // The highest sums are drawn first, so that lower ones lie on them.
  const values = isStacked ? stacked(series).reverse() : series.map((one) => [...one.values]);
  return [[...times], ...values];
}

function seriesOptions(host: HTMLElement, props: ChartProps): uPlot.Series[] {
  const { series, isStacked, hasBars } = props;
  const options = series.map(({ label }, index): uPlot.Series => {
    const name = SERIES_COLOURS[index % SERIES_COLOURS.length] ?? "--accent";
    const stroke = colourOf(host, name);
    const isArea = isStacked === true || hasBars === true;
    return {
      label,
      stroke,
      width: isArea ? 1 : 1.5,
      points: { show: false },
      ...(isArea ? { fill: stroke } : { dash: DASHES[index % DASHES.length] ?? [] }),
      ...(series.length === 1 && !isArea && { fill: faded(stroke) }),
      ...(hasBars === true &&
        uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.8, 60], align: 1 }) }),
    };
  });
  return [{}, ...(isStacked ? options.reverse() : options)];
}

/** `read` gives the props of the last rendering. */
function optionsOf(host: HTMLElement, read: () => ChartProps): uPlot.Options {
  const { height = HEIGHT, isUtc } = read();
  const tzDate = isUtc ? utc : local;
  const text = colourOf(host, "--quiet");
  const grid = { stroke: colourOf(host, "--line"), width: 1 };
  const axis = { stroke: text, grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width: Math.max(host.clientWidth, 1),
    height,
    tzDate,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 20, 0, 0],
    scales: {
      x: {
        range(_, first, last) {
          const { span } = read();
          return span === undefined ? [first, last] : [span.from, span.to];
        },
      },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] },
    },
    series: seriesOptions(host, read()),
    axes: [
      {
        ...axis,
        space: 70,
        size: 24,
        values: (_, ticks, __, ___, step) => timeTicks(ticks, step, tzDate),
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        space: 30,
        values: (_, ticks) => ticks.map((tick) => read().format(tick)),
      },
    ],
  };
}

/** A chart over time, with its contents in words. Redraws when the look or its size changes. */
export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  const hasLegend = props.series.length > 1;
  const labels = props.series.map(({ label }) => label).join("\n");

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(element, () => latest.current),
        dataOf(latest.current),
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() => {
      const height = latest.current.height ?? HEIGHT;
      plot.current?.setSize({ width: Math.max(element.clientWidth, 1), height });
    });
    resized.observe(element);
    const looks = new MutationObserver(draw);
    looks.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      looks.disconnect();
      system.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, props.isStacked, props.hasBars]);

  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props.times, props.series]);

  return (
    <figure class="chart">
      <figcaption>
        <strong>{props.title}</strong>{" "}
        <span class={hasLegend ? "visually-hidden" : "quiet"}>{props.summary}</span>
      </figcaption>
      <div class="plot" ref={host} aria-hidden="true" />
      {hasLegend && (
        <ul class="legend">
          {props.series.map(({ label, note }, index) => (
            <li key={label} data-series={index % SERIES_COLOURS.length}>
              {label} {note !== undefined && <span class="quiet">{note}</span>}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}
