// Hours and days in UTC, and those that a query reads.
import type { UsageInterval } from "../domain/usage-report.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A time that has sums. `start`: milliseconds since the epoch. */
export interface Period {
  readonly grain: "hour" | "day";
  readonly start: number;
}

export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) * HOUR_MS;
}

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}

function monthOf(timeMs: number): number {
  const date = new Date(timeMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** The beginning of the interval that a time is in; `none`: the beginning of the query. */
export function intervalOf(interval: UsageInterval, timeMs: number, fromMs: number): number {
  switch (interval) {
    case "none":
      return fromMs;
    case "hour":
      return hourOf(timeMs);
    case "day":
      return dayOf(timeMs);
    case "month":
      return monthOf(timeMs);
  }
}

export interface PeriodsOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly now: number;
  readonly interval: UsageInterval;
  /** Hours before are not kept. */
  readonly hoursFromMs: number;
}

/**
 * The periods of a query, in the order of time: whole days by their sums, the rest by hours. A day that is
 * not whole and has no hours any more is taken as a whole.
 */
export function periodsOf({
  fromMs,
  toMs,
  now,
  interval,
  hoursFromMs,
}: PeriodsOptions): readonly Period[] {
  const periods: Period[] = [];
  const end = Math.ceil(toMs / HOUR_MS) * HOUR_MS;
  for (let start = hourOf(fromMs); start < end; ) {
    const day = dayOf(start);
    const isWhole = start === day && (day + DAY_MS <= end || end > now);
    const isDay = interval !== "hour" && (isWhole || start < hoursFromMs);
    periods.push(isDay ? { grain: "day", start: day } : { grain: "hour", start });
    start = isDay ? day + DAY_MS : start + HOUR_MS;
  }
  return periods;
}

export function endOf({ grain, start }: Period): number {
  return start + (grain === "day" ? DAY_MS : HOUR_MS);
}
