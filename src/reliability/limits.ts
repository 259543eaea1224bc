import type { ErrorKind } from "../domain/gateway-error.ts";
import type { Timeouts } from "../domain/generation-spec.ts";
import type { AttemptLimits } from "./timeouts.ts";

/** Limits in milliseconds for what a request leaves unset. */
export interface DefaultTimeouts {
  readonly connectMs: number;
  readonly firstTokenMs: number;
  /** First token while another target is left. */
  readonly firstTokenFailoverMs: number;
  readonly idleMs: number;
  /** First token and idle of models that reason; the former while another target is left. */
  readonly reasoningMs: number;
  readonly reasoningFailoverMs: number;
  readonly totalMs: number;
  /** No request gets more in total. */
  readonly maxTotalMs: number;
}

/** Share of the caller's deadline that a typed error gets to arrive before the library's bare one. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 100;

/** Share of the rest of a deadline that an attempt gets while another target is left. */
const SPLIT_SHARE = 0.5;

/** Milliseconds for a whole generation; not positive when the caller's deadline has passed. */
export function totalLimitMs(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  callTimeoutMs: number | undefined,
): number {
  const own = Math.min(timeouts.totalMs ?? defaults.totalMs, defaults.maxTotalMs);
  if (callTimeoutMs === undefined) return own;
  return Math.min(own, callTimeoutMs - Math.min(MAX_MARGIN_MS, callTimeoutMs * MARGIN_SHARE));
}

export interface AttemptTarget {
  readonly reasons: boolean;
  readonly stream: boolean;
  /** Another target could still take the call. */
  readonly hasNext: boolean;
  /** First-token limit of a probe. */
  readonly probeFirstTokenMs: number | undefined;
  /** What is left of a deadline that the caller set for an answer that comes as a whole. */
  readonly splitMs: number | undefined;
}

function defaultFirstTokenMs(defaults: DefaultTimeouts, target: AttemptTarget): number {
  const longest = target.reasons ? defaults.reasoningMs : defaults.firstTokenMs;
  const withNext = target.reasons ? defaults.reasoningFailoverMs : defaults.firstTokenFailoverMs;
  const own = target.hasNext ? Math.min(longest, withNext) : longest;
  return Math.min(own, target.probeFirstTokenMs ?? own);
}

export function attemptLimits(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  target: AttemptTarget,
): AttemptLimits {
  const { splitMs, hasNext } = target;
  const share = splitMs !== undefined && hasNext ? splitMs * SPLIT_SHARE : undefined;
  const attemptMs =
    share === undefined ? timeouts.attemptMs : Math.min(timeouts.attemptMs ?? share, share);
  return {
    // An answer that is not streamed arrives as a whole: only a limit that was asked for bounds it.
    firstTokenMs:
      timeouts.firstTokenMs ?? (target.stream ? defaultFirstTokenMs(defaults, target) : undefined),
    idleMs: timeouts.idleMs ?? (target.reasons ? defaults.reasoningMs : defaults.idleMs),
    attemptMs,
  };
}

/** A limit that the request set below the server's: that it passed says nothing of the target. */
export function isOwnLimit(
  kind: ErrorKind,
  limits: AttemptLimits,
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
        isShort(timeouts.firstTokenMs, defaults.firstTokenFailoverMs) ||
        isShort(limits.attemptMs, defaults.firstTokenMs)
      );
    case "idle-timeout":
      return isShort(timeouts.idleMs, defaults.idleMs) || limits.attemptMs !== undefined;
    default:
      return false;
  }
}
