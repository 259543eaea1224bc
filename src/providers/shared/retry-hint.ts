import type { Clock } from "../../clock.ts";
import { headerValue, type ResponseHeaders } from "./response-headers.ts";

/** A vendor's pair of headers: the rest of a limit, and the time until it is full again. */
export interface ResetHeader {
  readonly remaining: string;
  readonly reset: string;
}

/**
 * A day, the longest window of a limit, in milliseconds. A longer value is a mistake, for example a point in time in
 * seconds, and is ignored.
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

/** Milliseconds of a decimal number times `unitMs`; undefined if the text is no number of at least 0. */
function decimal(value: string | undefined, unitMs: number): number | undefined {
  if (value === undefined || !/^\d+(?:\.\d+)?$/.test(value)) return undefined;
  const ms = Math.ceil(Number(value) * unitMs);
  return ms > MAX_HINT_MS ? undefined : ms;
}

/** Milliseconds from now until a date; undefined if the text is no date. A bare number is not a date. */
function until(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined || !/[a-z]/i.test(value)) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) return undefined;
  const ms = Math.max(time - clock.wallTime(), 0);
  return ms > MAX_HINT_MS ? undefined : ms;
}

/** Durations such as `6ms`, `1.5s`, `6m0s`. */
function duration(value: string | undefined): number | undefined {
  if (value === undefined || !/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total > MAX_HINT_MS ? undefined : Math.ceil(total);
}

/** Milliseconds of a `google.protobuf.Duration` in JSON, for example `3.5s`. */
export function protoDurationMs(value: string | undefined): number | undefined {
  return value?.endsWith("s") ? decimal(value.slice(0, -1), 1_000) : undefined;
}

/**
 * The provider's hint in the standard headers: `retry-after-ms`, then `retry-after` in seconds or as an HTTP date.
 * Negative and malformed values are ignored. A zero asks for no wait, and the other header takes precedence, as in
 * OpenAI's own clients.
 */
function retryAfterMs(headers: ResponseHeaders, clock: Clock): number | undefined {
  const retryAfter = single(headers, "retry-after");
  const precise = decimal(single(headers, "retry-after-ms"), 1);
  const usual = decimal(retryAfter, 1_000) ?? until(retryAfter, clock);
  return precise === undefined || precise === 0 ? (usual ?? precise) : precise;
}

/**
 * Limits that count: only exhausted ones (`exhausted`); exhausted ones or, if there are none, all (`any`); or no
 * limits (`none`).
 */
export type CountedLimits = "none" | "exhausted" | "any";

/** Milliseconds until all limits that count are full again. */
function resetHintMs(
  headers: ResponseHeaders,
  pairs: readonly ResetHeader[],
  clock: Clock,
  counted: CountedLimits,
): number | undefined {
  if (counted === "none") return undefined;
  const limits = pairs.flatMap(({ remaining, reset }) => {
    const value = single(headers, reset);
    const waitMs = duration(value) ?? until(value, clock);
    return waitMs === undefined ? [] : [{ waitMs, exhausted: single(headers, remaining) === "0" }];
  });
  const exhausted = limits.filter((limit) => limit.exhausted);
  const isAny = counted === "any" && exhausted.length === 0;
  const waits = (isAny ? limits : exhausted).map((limit) => limit.waitMs);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** The wait that an answer's headers ask for, in milliseconds. `retry-after` takes precedence. */
export function headerHintMs(
  headers: ResponseHeaders,
  pairs: readonly ResetHeader[],
  clock: Clock,
  counted: CountedLimits,
): number | undefined {
  return retryAfterMs(headers, clock) ?? resetHintMs(headers, pairs, clock, counted);
}
