import type { UsageRow } from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { type CsvCell, toCsv } from "../../parts/csv.ts";
import { toMs, toTime } from "../../parts/formats.ts";
import { plainMoney } from "../../parts/money.ts";

const NUMBERS: readonly (readonly [title: string, of: (row: UsageRow) => CsvCell])[] = [
  ["calls", ({ calls }) => calls],
  ["failures", ({ failures }) => failures],
  ["cancelled", ({ cancelled }) => cancelled],
  ["attempts", ({ attempts }) => attempts],
  ["retries", ({ retries }) => retries],
  ["failovers", ({ failovers }) => failovers],
  ["hedges", ({ hedges }) => hedges],
  ["input_tokens", ({ inputTokens }) => inputTokens],
  ["output_tokens", ({ outputTokens }) => outputTokens],
  ["cache_read_tokens", ({ cacheReadTokens }) => cacheReadTokens],
  ["cache_write_tokens", ({ cacheWriteTokens }) => cacheWriteTokens],
  ["reasoning_tokens", ({ reasoningTokens }) => reasoningTokens],
  ["unpriced_attempts", ({ unpricedAttempts }) => unpricedAttempts],
  ["ttft_p50_ms", ({ timeToFirstTokenP50 }) => toMs(timeToFirstTokenP50)],
  ["ttft_p95_ms", ({ timeToFirstTokenP95 }) => toMs(timeToFirstTokenP95)],
];

/** Rows with exact amounts, a column for each currency, and times of UTC. */
export function usageCsv(rows: readonly UsageRow[], dimension: string): string {
  const codes = rows.flatMap(({ costs }) => costs.map(({ currencyCode }) => currencyCode));
  const currencies = [...new Set(codes)].sort();
  const head = ["start", dimension, ...NUMBERS.map(([title]) => title)];
  const costHead = currencies.map((code) => `cost_${code.toLowerCase()}`);
  const lines = rows.map((row): CsvCell[] => {
    const costs = currencies.map((code) => {
      const cost = row.costs.find(({ currencyCode }) => currencyCode === code);
      return cost && plainMoney(cost);
    });
    const start = new Date(toTime(row.startTime) ?? 0).toISOString();
    return [start, row.group.join(" / "), ...NUMBERS.map(([, of]) => of(row)), ...costs];
  });
  return toCsv([[...head, ...costHead], ...lines]);
}
