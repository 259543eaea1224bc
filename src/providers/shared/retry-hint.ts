import type { Clock } from "../../clock.ts";
import { headerValue, type ResponseHeaders } from "./response-headers.ts";

/** A vendor's pair of headers: what is left of a limit, and when it is full again. */
export interface ResetHeader {
  readonly remaining: string;
  readonly reset: string;
}

/**
 * A day, the longest window that a limit counts in. What is longer is a mistake,
 * e.g. a point in time as seconds, and must not close a target for years.
 */
const MAX_HINT_MS = 86_400_000;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function single(headers: ResponseHeaders, name: string): string | undefined {
  return headerValue(headers, name)?.trim();
}

/** Milliseconds of a decimal number times `unitMs`; undefined unless it is a number of at least 0. */
function decimal(value: string | undefined, unitMs: number): number | undefined {
  if (value === undefined || !/^\d+(?:\.\d+)?$/.test(value)) return undefined;
  return Math.min(Math.ceil(Number(value) * unitMs), MAX_HINT_MS);
}

/** Milliseconds from now until a date; undefined unless it is one. A bare number is none. */
function until(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined || !/[a-z]/i.test(value)) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) return undefined;
  return Math.min(Math.max(time - clock.wallTime(), 0), MAX_HINT_MS);
}

/** Durations such as `6ms`, `1.5s`, `6m0s`. */
function duration(value: string | undefined): number | undefined {
  if (value === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return Math.min(Math.ceil(total), MAX_HINT_MS);
}

/** Milliseconds of a `google.protobuf.Duration` in JSON, e.g. `3.5s`. */
export function protoDurationMs(value: string | undefined): number | undefined {
  return value?.endsWith("s") ? decimal(value.slice(0, -1), 1_000) : undefined;
}

/**
 * The provider's wish by the standard headers: `retry-after-ms`, `retry-after` in
 * seconds or as an HTTP date. Negative and malformed values are no wish.
 */
export function retryAfterMs(headers: ResponseHeaders, clock: Clock): number | undefined {
  const retryAfter = single(headers, "retry-after");
  return (
    decimal(single(headers, "retry-after-ms"), 1) ??
    decimal(retryAfter, 1_000) ??
    until(retryAfter, clock)
  );
}

/** When every exhausted limit is full again; where none is reported as exhausted, when all are. */
export function resetHintMs(
  headers: ResponseHeaders,
  pairs: readonly ResetHeader[],
  clock: Clock,
): number | undefined {
  const limits = pairs.flatMap(({ remaining, reset }) => {
    const value = single(headers, reset);
    const waitMs = duration(value) ?? until(value, clock);
    return waitMs === undefined ? [] : [{ waitMs, exhausted: single(headers, remaining) === "0" }];
  });
  const exhausted = limits.filter((limit) => limit.exhausted);
  const waits = (exhausted.length > 0 ? exhausted : limits).map((limit) => limit.waitMs);
  return waits.length === 0 ? undefined : Math.max(...waits);
}
