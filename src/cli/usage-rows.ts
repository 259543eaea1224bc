// Sums of the ledger as tables and as comma-separated values.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type {
  QueryUsageResponse,
  UsageCost,
  UsageRow,
} from "../../gen/service/steer/admin/v1/usage_service_pb.ts";

const HEAD = [
  "calls",
  "failed",
  "cancelled",
  "input",
  "cached",
  "output",
  "cost",
  "ttft p50",
  "ttft p95",
  "retries",
  "failovers",
];

const PICO_DIGITS = 12;

/** An exact amount, without zeros at its end. */
function amount({ units, picos }: UsageCost): string {
  const decimals = String(picos).padStart(PICO_DIGITS, "0").replace(/0+$/, "");
  return decimals === "" ? String(units) : `${units}.${decimals}`;
}

function cost({ costs, unpricedAttempts }: UsageRow): string {
  const sums = costs.map((each) => `${each.currencyCode} ${amount(each)}`);
  const unknown = unpricedAttempts > 0n ? ["unknown"] : [];
  return [...sums, ...unknown].join(" + ") || "-";
}

function time(at: Timestamp | undefined): string {
  return at === undefined ? "" : timestampDate(at).toISOString().replace(":00.000Z", "Z");
}

function milliseconds(duration: UsageRow["timeToFirstTokenP50"]): string {
  if (duration === undefined) return "";
  return String(Math.round(Number(duration.seconds) * 1_000 + duration.nanos / 1e6));
}

/** The part of the input that came from prompt caches, in per cent. */
function cachedShare({ inputTokens, cacheReadTokens }: UsageRow): string {
  if (inputTokens === 0n) return "-";
  return `${Math.round((Number(cacheReadTokens) / Number(inputTokens)) * 100)}%`;
}

/** A count; `~`: a part of the tokens was estimated. */
function tokens(count: bigint, estimated: bigint): string {
  return estimated > 0n ? `~${count}` : String(count);
}

function numbers(row: UsageRow): string[] {
  const p50 = milliseconds(row.timeToFirstTokenP50);
  const p95 = milliseconds(row.timeToFirstTokenP95);
  return [
    String(row.calls),
    String(row.failures),
    String(row.cancelled),
    tokens(row.inputTokens, row.estimatedInputTokens),
    cachedShare(row),
    tokens(row.outputTokens, row.estimatedOutputTokens),
    cost(row),
    p50 === "" ? "-" : `${p50} ms`,
    p95 === "" ? "-" : `${p95} ms`,
    String(row.retries),
    String(row.failovers),
  ];
}

/** A table with a line of totals; empty when nothing was used. */
export function usageRows(
  { rows, total }: QueryUsageResponse,
  groupBy: readonly string[],
  hasPeriods: boolean,
): string[][] {
  if (rows.length === 0) return [];
  const lead = hasPeriods ? ["from", ...groupBy] : [...groupBy];
  const lines = rows.map((row) => {
    const group = row.group.map((value) => value || "-");
    return [...(hasPeriods ? [time(row.startTime)] : []), ...group, ...numbers(row)];
  });
  if (lead.length === 0 || total === undefined) return [[...lead, ...HEAD], ...lines];
  const totals = ["total", ...lead.slice(1).map(() => ""), ...numbers(total)];
  return [[...lead, ...HEAD], ...lines, totals];
}

/** What a reader of the sums should know. */
export function usageNotes(answer: QueryUsageResponse): string[] {
  const { rows, total, fromTime, toTime, hoursFromTime, lostBatches, lag } = answer;
  const lagSeconds = Number(lag?.seconds ?? 0n);
  const isEstimated =
    (total?.estimatedInputTokens ?? 0n) + (total?.estimatedOutputTokens ?? 0n) > 0n;
  const isFolded =
    hoursFromTime !== undefined && fromTime !== undefined
      ? hoursFromTime.seconds > fromTime.seconds
      : false;
  return [
    ...(rows.length === 0 ? [`no calls from ${time(fromTime)} to ${time(toTime)}`] : []),
    ...(isEstimated ? ["~: a part of these tokens was estimated"] : []),
    ...((total?.unpricedAttempts ?? 0n) > 0n
      ? [`${total?.unpricedAttempts} attempts used tokens of unknown price`]
      : []),
    ...(isFolded
      ? [`sums by hour are kept from ${time(hoursFromTime)} on, before that by day`]
      : []),
    ...(lostBatches > 0n
      ? [
          `${lostBatches} batches were lost with a replica: sums can lack the calls of its last second`,
        ]
      : []),
    ...(lagSeconds > 1 ? [`calls of the last ${lagSeconds} s wait for the store`] : []),
  ];
}

function csvCell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const CSV_COUNTS = [
  ["calls", "calls"],
  ["failures", "failures"],
  ["cancelled", "cancelled"],
  ["attempts", "attempts"],
  ["retries", "retries"],
  ["failovers", "failovers"],
  ["hedges", "hedges"],
  ["input_tokens", "inputTokens"],
  ["output_tokens", "outputTokens"],
  ["cache_read_tokens", "cacheReadTokens"],
  ["cache_write_tokens", "cacheWriteTokens"],
  ["cache_write_long_tokens", "cacheWriteLongTokens"],
  ["reasoning_tokens", "reasoningTokens"],
  ["estimated_input_tokens", "estimatedInputTokens"],
  ["estimated_output_tokens", "estimatedOutputTokens"],
  ["unpriced_attempts", "unpricedAttempts"],
] as const;

/** A line for each row, and a column for the cost in each currency. */
export function csvLines(
  { rows }: QueryUsageResponse,
  groupBy: readonly string[],
  hasPeriods: boolean,
): string[] {
  const currencies = [
    ...new Set(rows.flatMap(({ costs }) => costs.map(({ currencyCode }) => currencyCode))),
  ].sort();
  const head = [
    ...(hasPeriods ? ["from"] : []),
    ...groupBy,
    ...CSV_COUNTS.map(([name]) => name),
    ...currencies.map((currency) => `cost_${currency.toLowerCase()}`),
    "ttft_p50_ms",
    "ttft_p95_ms",
  ];
  const lines = rows.map((row) => [
    ...(hasPeriods ? [time(row.startTime)] : []),
    ...row.group,
    ...CSV_COUNTS.map(([, field]) => String(row[field])),
    ...currencies.map((currency) => {
      const found = row.costs.find(({ currencyCode }) => currencyCode === currency);
      return found === undefined ? "" : amount(found);
    }),
    milliseconds(row.timeToFirstTokenP50),
    milliseconds(row.timeToFirstTokenP95),
  ]);
  return [head, ...lines].map((cells) => cells.map(csvCell).join(","));
}
