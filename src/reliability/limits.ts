import type { Timeouts } from "../domain/generation-spec.ts";
import type { AttemptLimits } from "./timeouts.ts";

/** Limits in milliseconds for what a request leaves unset. */
export interface DefaultTimeouts {
  readonly connectMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** First token and idle of models that reason. */
  readonly reasoningMs: number;
  readonly totalMs: number;
  /** No request gets more in total. */
  readonly maxTotalMs: number;
}

/** Share of the caller's deadline that a typed error gets to arrive before the library's bare one. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 100;

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

export function attemptLimits(
  timeouts: Timeouts,
  defaults: DefaultTimeouts,
  target: { readonly reasons: boolean; readonly stream: boolean },
): AttemptLimits {
  const firstTokenMs =
    timeouts.firstTokenMs ?? (target.reasons ? defaults.reasoningMs : defaults.firstTokenMs);
  return {
    // An answer that is not streamed arrives as a whole: only a limit that was asked for bounds it.
    firstTokenMs: target.stream ? firstTokenMs : timeouts.firstTokenMs,
    idleMs: timeouts.idleMs ?? (target.reasons ? defaults.reasoningMs : defaults.idleMs),
    attemptMs: timeouts.attemptMs,
  };
}
