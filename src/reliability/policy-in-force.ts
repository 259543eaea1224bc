import type { ErrorKind } from "../domain/gateway-error.ts";
import type { MidStreamRecovery, RetryPolicy, Routing } from "../domain/generation-spec.ts";
import type { BackoffSettings, RetrySettings } from "./reliability-settings.ts";

/** Retry policy of one call: the request's wishes within the operator's limits. */
export interface PolicyInForce {
  /** Attempts at one target, the first included. */
  readonly attempts: number;
  /** Attempts over all targets. */
  readonly totalAttempts: number;
  readonly transient: BackoffSettings;
  readonly throttle: BackoffSettings;
  readonly multiplier: number;
  /** Random share of each wait, 0 to 1. */
  readonly jitter: number;
  readonly maxWaitMs: number;
  /** Most milliseconds of all waits together. */
  readonly maxTotalDelayMs: number;
  /** A hint up to this many milliseconds is waited for although a target with another model is open; 0: none is. */
  readonly shortHintMs: number;
  /** Kinds that may be retried, or that lead to the next target; undefined: every kind of the table. */
  readonly retryOn: ReadonlySet<ErrorKind> | undefined;
  readonly failoverOn: ReadonlySet<ErrorKind> | undefined;
  readonly recovery: MidStreamRecovery;
}

function backoff(own: BackoffSettings, policy: RetryPolicy, maxWaitMs: number): BackoffSettings {
  const capMs = Math.min(policy.maxBackoffMs ?? own.capMs, maxWaitMs);
  const { initialBackoffMs } = policy;
  return {
    baseMs: Math.min(initialBackoffMs ?? own.baseMs, capMs),
    lastTargetBaseMs: Math.min(initialBackoffMs ?? own.lastTargetBaseMs, capMs),
    capMs,
  };
}

function kinds(listed: readonly ErrorKind[]): ReadonlySet<ErrorKind> | undefined {
  return listed.length === 0 ? undefined : new Set(listed);
}

export function policyInForce(
  policy: RetryPolicy,
  routing: Routing,
  settings: RetrySettings,
): PolicyInForce {
  const { maxWaitMs } = settings;
  const totalAttempts = Math.min(
    policy.maxTotalAttempts ?? settings.totalAttempts,
    settings.maxTotalAttempts,
  );
  return {
    attempts: Math.min(policy.maxAttempts ?? settings.attempts, settings.maxAttempts),
    totalAttempts,
    transient: backoff(settings.transient, policy, maxWaitMs),
    throttle: backoff(settings.throttle, policy, maxWaitMs),
    multiplier: policy.backoffMultiplier ?? 2,
    jitter: policy.jitter ?? 1,
    maxWaitMs,
    maxTotalDelayMs: policy.maxTotalDelayMs ?? settings.maxTotalDelayMs,
    // A request for the cheapest or the fastest target prefers no model.
    shortHintMs: routing.strategy === "ordered" ? settings.shortHintMs : 0,
    retryOn: kinds(policy.retryOn),
    failoverOn: kinds(routing.failoverOn),
    recovery: routing.midStreamRecovery,
  };
}
