// The standings of a caller's limits, in the headers of the vendors.
import type { LimitStanding, LimitStandings } from "../../ports/call-limits.ts";

/** The headers of an answer; `now` in milliseconds since the epoch. */
export type LimitHeaders = (
  standings: LimitStandings,
  now: number,
) => readonly (readonly [name: string, value: string])[];

/** As OpenAI writes durations: `20ms`, `7s`, `1m0s`, `2h5m30s`. */
function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60)];
  const rest = `${seconds % 60}s`;
  if (minutes === 0) return rest;
  return hours === 0 ? `${minutes}m${rest}` : `${hours}h${minutes % 60}m${rest}`;
}

function headersOf(
  standings: LimitStandings,
  nameOf: (what: "limit" | "remaining" | "reset", unit: string) => string,
  resetOf: (standing: LimitStanding) => string,
): [string, string][] {
  return (["requests", "tokens"] as const).flatMap((unit): [string, string][] => {
    const standing = standings[unit];
    if (standing === undefined) return [];
    return [
      [nameOf("limit", unit), String(standing.amount)],
      [nameOf("remaining", unit), String(Math.floor(standing.remaining))],
      [nameOf("reset", unit), resetOf(standing)],
    ];
  });
}

/** Headers such as `x-ratelimit-remaining-requests`; a reset is a duration. */
export const openAiLimitHeaders: LimitHeaders = (standings) =>
  headersOf(
    standings,
    (what, unit) => `x-ratelimit-${what}-${unit}`,
    ({ resetMs }) => durationText(resetMs),
  );

/** Headers such as `anthropic-ratelimit-requests-remaining`; a reset is a time. */
export const anthropicLimitHeaders: LimitHeaders = (standings, now) =>
  headersOf(
    standings,
    (what, unit) => `anthropic-ratelimit-${unit}-${what}`,
    // In whole seconds, as the vendor writes times.
    ({ resetMs }) => `${new Date(now + resetMs + 999).toISOString().slice(0, 19)}Z`,
  );
