// What callers and operators see of what was used. Times are milliseconds since the epoch.
import type { TokenCounts } from "./token-usage.ts";

/** Length of the periods that have rows of their own, in UTC; `none`: one period. */
export type UsageInterval = "none" | "hour" | "day" | "month";

export interface UsageFilter {
  /** As in `groupBy`. */
  readonly dimension: string;
  readonly values: readonly string[];
}

export interface UsageQuery {
  /** Undefined: 24 hours before the end. */
  readonly fromMs: number | undefined;
  /** Undefined: now. */
  readonly toMs: number | undefined;
  readonly interval: UsageInterval;
  /** `caller`, `group`, `model`, `provider`, `outcome`, `label:NAME`. */
  readonly groupBy: readonly string[];
  readonly filters: readonly UsageFilter[];
  /** Only what this caller used; undefined: everything. */
  readonly caller: string | undefined;
}

/** Money: `units + picos / 1e12`, exactly. */
export interface CostSum {
  /** ISO 4217. */
  readonly currency: string;
  readonly units: number;
  /** Less than 1e12. */
  readonly picos: number;
}

/** Exact sums of one period and one group. */
export interface UsageSums extends Required<TokenCounts> {
  readonly calls: number;
  /** Without those that were cancelled. */
  readonly failures: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly retries: number;
  readonly failovers: number;
  readonly hedges: number;
  /** From attempts whose counts were estimated, at least in part. */
  readonly estimatedInputTokens: number;
  readonly estimatedOutputTokens: number;
  readonly unpricedAttempts: number;
  /** By currency, in the order of the codes. */
  readonly costs: readonly CostSum[];
  /** Calls whose time to first token is known, and its quantiles in milliseconds. */
  readonly timedCalls: number;
  readonly firstTokenP50Ms: number | undefined;
  readonly firstTokenP95Ms: number | undefined;
}

export interface UsageReportRow extends UsageSums {
  /** Beginning of the period. */
  readonly startMs: number;
  /** In the order of `groupBy`. */
  readonly group: readonly string[];
}

export interface UsageReport {
  readonly rows: readonly UsageReportRow[];
  readonly total: UsageReportRow;
  /** The time that the rows are of. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Sums are kept from here on; undefined: none was deleted yet. */
  readonly hoursFromMs: number | undefined;
  readonly daysFromMs: number | undefined;
  /** Batches that were lost in the days of the report. */
  readonly lostBatches: number;
  /** Age of the oldest call that this replica has not yet written. */
  readonly lagMs: number;
}

export interface UsageReports {
  /** Throws `GatewayError`. */
  query(query: UsageQuery): Promise<UsageReport>;
}
