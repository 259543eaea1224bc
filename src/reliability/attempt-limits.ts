import type { ErrorKind } from "../domain/gateway-error.ts";
import type { Timeouts } from "../domain/generation-spec.ts";
import type { TargetTimeouts } from "../domain/model.ts";
import type { AttemptLimits } from "./attempt-timers.ts";

/** The server's limits in milliseconds, for those that a request leaves unset. */
export interface DefaultTimeouts extends Required<TargetTimeouts> {
  readonly totalMs: number;
  /** Upper bound of any request's total limit. */
  readonly maxTotalMs: number;
}

/** Share of the caller's deadline that is reserved for a typed error, which must arrive before the library's own. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 100;

/** Largest share of the remaining time that an attempt may be silent while another target is open. */
const SILENT_SHARE = 0.5;

/** A target may be silent for at least this many times its usual latency. */
const USUAL_FACTOR = 2;

/**
 * Longest wait for counts after a finish reason, in milliseconds. Counts follow at once or never: some servers keep
 * the connection open instead.
 */
const USAGE_WAIT_MS = 2_000;
/**
 * The wait for counts is at most this share of the idle limit, so that the answer ends before the limit is reached.
 */
const USAGE_WAIT_SHARE = 0.5;

/** Milliseconds of a caller's deadline after subtraction of the margin for a typed error. */
export function answerTimeMs(callTimeoutMs: number): number {
  return callTimeoutMs - Math.min(MAX_MARGIN_MS, callTimeoutMs * MARGIN_SHARE);
}

/** Milliseconds for a whole generation; zero or negative if the caller's deadline has passed. */
export function totalLimitMs(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  callTimeoutMs: number | undefined,
): number {
  const own = Math.min(timeouts.totalMs ?? defaults.totalMs, defaults.maxTotalMs);
  return callTimeoutMs === undefined ? own : Math.min(own, answerTimeMs(callTimeoutMs));
}

/** The limits of a target: its own, otherwise the server's. */
export function timeoutsOf(
  defaults: DefaultTimeouts,
  own: TargetTimeouts | undefined,
): DefaultTimeouts {
  return own === undefined ? defaults : { ...defaults, ...own };
}

export interface AttemptTarget {
  readonly reasons: boolean;
  /** Whether the provider is asked to stream. Otherwise the answer arrives as a whole. */
  readonly streams: boolean;
  /** Whether another target could still take the call. */
  readonly hasNext: boolean;
  /** First-token limit of a probe, in milliseconds; undefined: the attempt is no probe. */
  readonly probeFirstTokenMs: number | undefined;
  /** Milliseconds left of the generation's time and of the caller's deadline. */
  readonly remainingMs: number;
  /** Usual milliseconds of the target to the first content of such an answer; undefined: unknown. */
  readonly usualMs: number | undefined;
}

/** Limits of an attempt at a target. */
export interface TargetLimits extends AttemptLimits {
  /** A silence shorter than this, in milliseconds, is no evidence about the target's health. */
  readonly evidenceMs: number;
  /** Longest wait for counts after a finish reason, in milliseconds. */
  readonly usageWaitMs: number;
}

/** Milliseconds that a target may be silent before its first content while another target is open. */
function failoverMs(defaults: DefaultTimeouts, { reasons, streams, usualMs }: AttemptTarget) {
  const usual = USUAL_FACTOR * (usualMs ?? 0);
  if (!streams) return Math.max(defaults.answerFailoverMs, usual);
  const shortest = reasons
    ? Math.min(defaults.reasoningMs, defaults.reasoningFailoverMs)
    : Math.min(defaults.firstTokenMs, defaults.firstTokenFailoverMs);
  return Math.max(shortest, usual);
}

/** The server's limit of the wait for the first content, in milliseconds; undefined: none. */
function serverFirstTokenMs(
  defaults: DefaultTimeouts,
  target: AttemptTarget,
  longestWithNext: number,
): number | undefined {
  const { reasons, streams, hasNext, probeFirstTokenMs, usualMs = 0 } = target;
  // The first token of a whole answer is also its last, so the last target has all the remaining time.
  if (!streams) return hasNext ? longestWithNext : undefined;
  const longestAlone = reasons ? defaults.reasoningMs : defaults.firstTokenMs;
  const longest = hasNext ? longestWithNext : longestAlone;
  return Math.min(longest, Math.max(probeFirstTokenMs ?? longest, USUAL_FACTOR * usualMs));
}

export function attemptLimits(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  target: AttemptTarget,
): TargetLimits {
  const { reasons, hasNext, remainingMs } = target;
  const evidenceMs = failoverMs(defaults, target);
  const asked = timeouts.firstTokenMs ?? serverFirstTokenMs(defaults, target, evidenceMs);
  const idleMs = timeouts.idleMs ?? (reasons ? defaults.reasoningMs : defaults.idleMs);
  return {
    // The next target must have as much time as this one.
    firstTokenMs:
      hasNext && asked !== undefined ? Math.min(asked, remainingMs * SILENT_SHARE) : asked,
    idleMs,
    attemptMs: timeouts.attemptMs,
    evidenceMs,
    usageWaitMs: Math.min(USAGE_WAIT_MS, idleMs * USAGE_WAIT_SHARE),
  };
}

/**
 * Whether the request or its deadline set a limit below the server's. Such a timeout says nothing about the target's
 * health.
 */
export function isOwnLimit(
  kind: ErrorKind,
  limits: TargetLimits,
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
): boolean {
  const isShort = (own: number | undefined, usual: number): boolean =>
    own !== undefined && own < usual;
  switch (kind) {
    case "connect-timeout":
      return isShort(timeouts.connectMs, defaults.connectMs);
    case "first-token-timeout":
      return (
        isShort(limits.firstTokenMs, limits.evidenceMs) ||
        isShort(limits.attemptMs, Math.max(defaults.firstTokenMs, limits.evidenceMs))
      );
    case "idle-timeout":
      return isShort(timeouts.idleMs, defaults.idleMs) || limits.attemptMs !== undefined;
    default:
      return false;
  }
}
