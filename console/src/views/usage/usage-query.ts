// What the view of usage asks for, and its address.
import {
  type QueryUsageResponse,
  UsageInterval,
  UsageScope,
} from "@steer-gateway/stubs/steer/admin/v1/usage_service_pb.js";
import { usage } from "../../api.ts";

export const RANGES = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 } as const;
export type Range = keyof typeof RANGES;

export const DIMENSIONS = ["model", "caller", "group", "provider", "outcome", "label"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const MEASURES = {
  cost: "Cost",
  output: "Output tokens",
  input: "Input tokens",
  calls: "Calls",
} as const;
export type Measure = keyof typeof MEASURES;

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;
/** Days up to which hours can be shown: more bars are too thin, and answers are bounded. */
const MAX_HOURLY_DAYS = 7;

export interface UsageQuery {
  readonly range: Range;
  readonly isHourly: boolean;
  readonly by: Dimension;
  /** Name of the label, if `by` is `label`. */
  readonly label: string;
  readonly measure: Measure;
}

/** The answers of a query: by period and group, and by group alone, which has percentiles. */
export interface UsageAnswer {
  readonly periods: QueryUsageResponse;
  readonly whole: QueryUsageResponse;
}

function oneOf<T extends string>(known: readonly T[], word: string | null, fallback: T): T {
  return known.find((each) => each === word) ?? fallback;
}

export function parseQuery(params: URLSearchParams): UsageQuery {
  const range = oneOf(Object.keys(RANGES) as Range[], params.get("range"), "24h");
  const interval = params.get("interval") ?? (range === "24h" ? "hour" : "day");
  return {
    range,
    isHourly: interval === "hour" && canBeHourly(range),
    by: oneOf(DIMENSIONS, params.get("by"), "model"),
    label: (params.get("label") ?? "").slice(0, 64),
    measure: oneOf(Object.keys(MEASURES) as Measure[], params.get("measure"), "cost"),
  };
}

export function canBeHourly(range: Range): boolean {
  return RANGES[range] <= MAX_HOURLY_DAYS;
}

/** The dimension as the service names it. */
export function dimensionOf({ by, label }: UsageQuery): string {
  return by === "label" ? `label:${label}` : by;
}

/** Seconds of one period. */
export function periodSeconds({ isHourly }: UsageQuery): number {
  return isHourly ? HOUR_SECONDS : DAY_SECONDS;
}

export async function askUsage(query: UsageQuery, signal: AbortSignal): Promise<UsageAnswer> {
  const period = periodSeconds(query);
  const now = Math.floor(Date.now() / 1_000);
  // Whole periods, so that the first bar is not cut.
  const first = now - RANGES[query.range] * DAY_SECONDS;
  const from = Math.ceil(first / period) * period;
  const request = {
    from: { seconds: BigInt(from), nanos: 0 },
    groupBy: [dimensionOf(query)],
    scope: UsageScope.ALL,
  };
  const interval = query.isHourly ? UsageInterval.HOUR : UsageInterval.DAY;
  // One after the other: the service answers few questions of a caller at a time.
  const periods = await usage.queryUsage({ ...request, interval }, { signal });
  const whole = await usage.queryUsage(request, { signal });
  return { periods, whole };
}
