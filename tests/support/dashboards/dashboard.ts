// Dashboards of Grafana, made from rows of expressions. `deploy/grafana` has the files.
import type { MetricDefinition } from "../../../src/telemetry/metric-definition.ts";
import { metric } from "../../../src/telemetry/metrics.ts";
import { prometheusName } from "../../../src/telemetry/prometheus-name.ts";

type Unit = "reqps" | "s" | "percentunit" | "short" | "bytes" | "cps" | "ops";

interface Query {
  readonly expr: string;
  /** Name of its series, with labels in `{{}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly description?: string;
  readonly queries: readonly Query[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(METRIC, LABEL)` */
  readonly query: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const RATE = "[$__rate_interval]";

type MetricKey = keyof typeof metric;

/** The name of a metric in Prometheus. */
export const nameOf = (key: MetricKey): string => {
  const definition: MetricDefinition = metric[key];
  return prometheusName(definition);
};

const braces = (selector: string): string => (selector === "" ? "" : `{${selector}}`);

/** The rate of a counter, or of a part of a histogram, summed by labels. */
export function rateOf(
  key: MetricKey,
  {
    by = "",
    selector = "",
    part = "",
  }: {
    readonly by?: string;
    readonly selector?: string;
    readonly part?: "_sum" | "_count" | "";
  } = {},
): string {
  const rate = `rate(${nameOf(key)}${part}${braces(selector)}${RATE})`;
  return by === "" ? `sum(${rate})` : `sum by (${by}) (${rate})`;
}

/** A quantile of a histogram, by labels. */
function quantileOf(
  quantile: number,
  key: MetricKey,
  { by = "", selector = "" }: { readonly by?: string; readonly selector?: string } = {},
): string {
  const labels = ["le", ...(by === "" ? [] : [by])].join(", ");
  const rate = `rate(${nameOf(key)}_bucket${braces(selector)}${RATE})`;
  return `histogram_quantile(${quantile}, sum by (${labels}) (${rate}))`;
}

/** The median and a high quantile, as two series. */
export const quantiles = (
  key: MetricKey,
  high: number,
  options: { readonly by?: string; readonly selector?: string } = {},
): readonly Query[] =>
  [0.5, high].map((quantile) => ({
    expr: quantileOf(quantile, key, options),
    legend: `p${quantile * 100}${options.by === undefined ? "" : ` {{${options.by}}}`}`,
  }));

const WIDTH = 8;
const HEIGHT = 8;
const PER_ROW = 3;
/** The data source that its variable chooses. */
const DATASOURCE = { type: "prometheus", uid: "$datasource" };

function panelJson({ title, unit, description, queries }: Panel, id: number, x: number, y: number) {
  return {
    id,
    type: "timeseries",
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    gridPos: { x, y, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: "never" } },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

function panelsJson({ rows }: Dashboard) {
  const panels: object[] = [];
  let y = 0;
  let id = 1;
  for (const { title, panels: own } of rows) {
    const gridPos = { x: 0, y, w: 24, h: 1 };
    panels.push({ id: id++, type: "row", title, collapsed: false, gridPos, panels: [] });
    y += 1;
    own.forEach((panel, index) => {
      const line = y + Math.floor(index / PER_ROW) * HEIGHT;
      panels.push(panelJson(panel, id++, (index % PER_ROW) * WIDTH, line));
    });
    y += Math.ceil(own.length / PER_ROW) * HEIGHT;
  }
  return panels;
}

const variableJson = ({ name, label, query }: Variable) => ({
  name,
  label,
  type: "query",
  datasource: DATASOURCE,
  query: { query, refId: name },
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: ".+",
  current: { text: "All", value: "$__all" },
});

/** The file of a dashboard. */
export function dashboardJson(dashboard: Dashboard): string {
  const { uid, title, description, variables } = dashboard;
  const datasource = {
    name: "datasource",
    label: "data source",
    type: "datasource",
    query: "prometheus",
  };
  const json = {
    uid,
    title,
    description,
    tags: ["steer"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: { list: [datasource, ...variables.map(variableJson)] },
    annotations: { list: [] },
    links: [
      {
        title: "Steer",
        type: "dashboards",
        tags: ["steer"],
        asDropdown: false,
        icon: "external link",
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        tooltip: "",
        url: "",
      },
    ],
    panels: panelsJson(dashboard),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
