import type { SpendPeriod } from "../domain/caller-limits.ts";

/** From `startMs` up to, and without, `endMs`: milliseconds since the epoch. */
export interface Period {
  readonly startMs: number;
  /** Infinite for `total`. */
  readonly endMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function fixed(now: number, lengthMs: number): Period {
  const startMs = Math.floor(now / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
}

/** The period that a moment is in, in UTC. */
export function periodAt(period: SpendPeriod, now: number): Period {
  switch (period) {
    case "hour":
      return fixed(now, HOUR_MS);
    case "day":
      return fixed(now, DAY_MS);
    case "month": {
      const date = new Date(now);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
    }
    case "total":
      return { startMs: 0, endMs: Number.POSITIVE_INFINITY };
  }
}
