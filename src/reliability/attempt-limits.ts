import type { ErrorKind } from "../domain/gateway-error.ts";
import type { Timeouts } from "../domain/generation-spec.ts";
import type { TargetTimeouts } from "../domain/model.ts";
import type { AttemptLimits } from "./attempt-timers.ts";

/** Limits in milliseconds for what a request leaves unset. */
export interface DefaultTimeouts extends Required<TargetTimeouts> {
  readonly totalMs: number;
  /** No request gets more in total. */
  readonly maxTotalMs: number;
}

/** Share of the caller's deadline that a typed error gets to arrive before the library's bare one. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 100;

/** Share of the remaining time for which an attempt may be silent while another target is open. */
const SILENT_SHARE = 0.5;

/** A target may be silent for so many times as long as it usually is. */
const USUAL_FACTOR = 2;

/** Counts follow a finish reason at once, or never: some servers keep the connection open instead. */
const USAGE_WAIT_MS = 2_000;
/** Share of the idle limit for the wait for counts: the answer must end before the limit does. */
const USAGE_WAIT_SHARE = 0.5;

/** Milliseconds of a caller's deadline without the margin for a typed error. */
export function answerTimeMs(callTimeoutMs: number): number {
  return callTimeoutMs - Math.min(MAX_MARGIN_MS, callTimeoutMs * MARGIN_SHARE);
}

/** Milliseconds for a whole generation; not positive when the caller's deadline has passed. */
export function totalLimitMs(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  callTimeoutMs: number | undefined,
): number {
  const own = Math.min(timeouts.totalMs ?? defaults.totalMs, defaults.maxTotalMs);
  return callTimeoutMs === undefined ? own : Math.min(own, answerTimeMs(callTimeoutMs));
}

/** The limits of a target: its own, else the server's. */
export function timeoutsOf(
  defaults: DefaultTimeouts,
  own: TargetTimeouts | undefined,
): DefaultTimeouts {
  return own === undefined ? defaults : { ...defaults, ...own };
}

export interface AttemptTarget {
  readonly reasons: boolean;
  /** The provider is asked to stream; else its answer comes as a whole. */
  readonly streams: boolean;
  /** Another target could still take the call. */
  readonly hasNext: boolean;
  /** First-token limit of a probe. */
  readonly probeFirstTokenMs: number | undefined;
  /** Remaining milliseconds of the generation's time and of the caller's deadline. */
  readonly remainingMs: number;
  /** How long the target usually takes to the first content of such an answer; undefined: not known. */
  readonly usualMs: number | undefined;
}

/** Limits of an attempt at a target. */
export interface TargetLimits extends AttemptLimits {
  /** A silence that is shorter says nothing of the target's health. */
  readonly evidenceMs: number;
  /** Longest wait behind a finish reason. */
  readonly usageWaitMs: number;
}

/** Milliseconds for which a target may be silent before its content while another target is open. */
function failoverMs(defaults: DefaultTimeouts, { reasons, streams, usualMs }: AttemptTarget) {
  const usual = USUAL_FACTOR * (usualMs ?? 0);
  if (!streams) return Math.max(defaults.answerFailoverMs, usual);
  const shortest = reasons
    ? Math.min(defaults.reasoningMs, defaults.reasoningFailoverMs)
    : Math.min(defaults.firstTokenMs, defaults.firstTokenFailoverMs);
  return Math.max(shortest, usual);
}

/** The server's limit of the first content; undefined: none. */
function serverFirstTokenMs(
  defaults: DefaultTimeouts,
  target: AttemptTarget,
  longestWithNext: number,
): number | undefined {
  const { reasons, streams, hasNext, probeFirstTokenMs, usualMs = 0 } = target;
  // The first token of a whole answer is its last: at the last target it has all the remaining time.
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
    // The next target gets as much time as this one had.
    firstTokenMs:
      hasNext && asked !== undefined ? Math.min(asked, remainingMs * SILENT_SHARE) : asked,
    idleMs,
    attemptMs: timeouts.attemptMs,
    evidenceMs,
    usageWaitMs: Math.min(USAGE_WAIT_MS, idleMs * USAGE_WAIT_SHARE),
  };
}

/** The request or its deadline set a limit below the server's: its end says nothing of the target's health. */
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
