// Moments at which days and months of spending begin, or at which the clocks of the zone change and nothing begins.
import type { SpendPeriod } from "../../../src/domain/caller-limits.ts";

export const ZONE = "Europe/Berlin";

export interface Border {
  readonly name: string;
  readonly at: number;
  /** The periods that begin at that moment. */
  readonly begins: readonly SpendPeriod[];
}

function border(name: string, at: string, ...begins: readonly SpendPeriod[]): Border {
  return { name, at: Date.parse(at), begins };
}

export const BORDERS = [
  border("the clocks go forward", "2026-03-29T01:00:00Z"),
  border("the clocks go back", "2026-10-25T01:00:00Z"),
  border("the day with 23 hours begins", "2026-03-28T23:00:00Z", "day"),
  border("the day with 23 hours ends", "2026-03-29T22:00:00Z", "day"),
  border("the day with 25 hours ends", "2026-10-25T23:00:00Z", "day"),
  border("the leap day ends", "2028-02-29T23:00:00Z", "day", "month"),
  border("a month with 28 days ends", "2026-02-28T23:00:00Z", "day", "month"),
  border("a month with a change of the clocks ends", "2026-03-31T22:00:00Z", "day", "month"),
  border("the year ends", "2026-12-31T23:00:00Z", "day", "month"),
] as const;
