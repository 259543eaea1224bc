// The decision after a failed attempt, as a pure function.
import type { DecisionReason } from "../domain/decided.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { backoffMs, hintedWaitMs, MAX_JITTER_AT_LAST_TARGET } from "./backoff.ts";
import { explicitHint, ruleOf } from "./failure-rule.ts";
import type { PolicyInForce } from "./policy-in-force.ts";
import type { BudgetSettings } from "./reliability-settings.ts";

export type Decision =
  | {
      readonly action: "retry" | "failover" | "repair";
      readonly reason: DecisionReason;
      readonly delayMs: number;
      /** Whether the provider asked for the wait. */
      readonly delayFromProvider: boolean;
      /** Tokens of the target's retry budget: a repetition is charged at once, a failover if it fails there. */
      readonly cost: number;
    }
  | { readonly action: "fail"; readonly reason: DecisionReason };

/** A target of a possible next attempt, as the decision needs it. */
export interface Destination {
  /** Whether the target accepts a call after `waitMs`. */
  readonly isOpen: boolean;
  readonly waitMs: number;
  /** Whether the provider asked for that wait. */
  readonly isWaitAsked: boolean;
  /** Whether the model differs from the failed one. */
  readonly isOtherModel: boolean;
  /** Usual milliseconds to the first content; undefined: unknown. */
  readonly typicalMs: number | undefined;
  /** `isLastTarget`: no other target is open. */
  readonly canSpend: (cost: number, isLastTarget: boolean) => boolean;
}

export interface FailedAttempt {
  readonly error: GatewayError;
  /** Whether the caller has received output of the attempt. */
  readonly committed: boolean;
  /** Whether the attempt was sent to find out if its target works again. */
  readonly isProbe: boolean;
  /** Attempts of the call so far, and attempts at this target. */
  readonly attempts: number;
  readonly attemptsHere: number;
  /** Number of untried targets that accept a call now. */
  readonly openTargets: number;
  /** Whether the free repetition was already made. */
  readonly freeRetryUsed: boolean;
  /** Whether another target may follow although the table makes the kind final; see `nextTargets`. */
  readonly isWidened?: boolean;
  /** Whether invalid output may be requested again. */
  readonly canRepair: boolean;
  /** The call's remaining time and the sum of its waits so far, in milliseconds. */
  readonly remainingMs: number;
  readonly waitedMs: number;
  /** Milliseconds waited after this failure, because its target closed again at the end of a wait. */
  readonly waitedSinceMs: number;
  readonly policy: PolicyInForce;
  readonly budget: BudgetSettings;
  /** The same target; undefined: the target cannot continue the delivered output. */
  readonly here: Destination | undefined;
  /** The first untried target that the rule allows; undefined: there is none. */
  readonly next: Destination | undefined;
  readonly random: () => number;
}

type Move = Exclude<Decision, { action: "fail" }>;

function fail(reason: DecisionReason): Decision {
  return { action: "fail", reason };
}

/** Whether a target can take the next attempt now. */
function hasOpenNext({ next, policy, error }: FailedAttempt): boolean {
  const isAllowed = policy.failoverOn === undefined || policy.failoverOn.has(error.kind);
  return isAllowed && next?.isOpen === true && next.waitMs === 0;
}

/** Remaining milliseconds of a pause that the provider requested from this call or another one. */
function pauseMs({ error, here, waitedSinceMs }: FailedAttempt): number | undefined {
  const own = waitedSinceMs > 0 ? undefined : error.retryAfterMs;
  const others = here?.waitMs ?? 0;
  return others > 0 ? Math.max(others, own ?? 0) : own;
}

/** Whether the failed target is preferred to the next one. */
function comesFirst(failed: FailedAttempt, sameFirst: number): boolean {
  const { next, policy } = failed;
  const repetitions = failed.attemptsHere - 1;
  const pause = pauseMs(failed);
  if (!hasOpenNext(failed)) {
    // No target is open, so the one that opens first is preferred.
    return next?.isOpen !== true || (pause ?? 0) <= next.waitMs;
  }
  // Each open target gets one attempt before a failed target gets another.
  if (policy.totalAttempts - failed.attempts <= failed.openTargets) return false;
  if (pause === undefined) return repetitions < sameFirst;
  const isAsked = failed.error.retryAfterMs !== undefined || failed.here?.isWaitAsked === true;
  // The same model elsewhere is just as good and available at once. A different model is not, because the caller or
  // the operator prefers this one.
  const isPreferred = isAsked && next?.isOtherModel === true;
  // If `shortHintMs` is 0, no wait is short enough, not even a wait of 0 ms.
  const isShort = policy.shortHintMs > 0 && pause <= policy.shortHintMs;
  return repetitions === 0 && isPreferred && isShort;
}

/** The moves that the kind of the failure allows, best first. */
function ways(failed: FailedAttempt): readonly Move["action"][] {
  if (failed.error.kind === "invalid-output") return failed.canRepair ? ["repair"] : [];
  const { sameFirst, sameAlone, next } = ruleOf(failed.error);
  const mayRepeat =
    failed.here !== undefined && failed.attemptsHere - 1 < Math.max(sameFirst, sameAlone);
  const mayMove = (next !== "none" || failed.isWidened === true) && failed.next !== undefined;
  if (!mayRepeat) return mayMove ? ["failover"] : [];
  if (!mayMove) return ["retry"];
  return comesFirst(failed, sameFirst) ? ["retry", "failover"] : ["failover", "retry"];
}

/**
 * Whether to repeat at once and free of charge: the request never reached the provider or got no byte back, and this
 * repetition was not made yet.
 */
function isTransparent(failed: FailedAttempt): boolean {
  const { kind, providerFailure } = failed.error;
  const isUnanswered = kind === "network" && providerFailure?.reached !== undefined;
  const isPaused = (failed.here?.waitMs ?? 0) > 0;
  // A probe must be one request, not two.
  return isUnanswered && !isPaused && !failed.freeRetryUsed && !failed.isProbe && !failed.committed;
}

function move(action: Move["action"], failed: FailedAttempt, reason: DecisionReason): Move {
  const { error, policy, budget } = failed;
  const isThrottle = ruleOf(error).delay === "throttle";
  const cost = isThrottle ? budget.throttleCost : budget.transientCost;
  if (action === "failover") {
    const freeInMs = failed.next?.waitMs ?? 0;
    const delayMs = freeInMs && hintedWaitMs(freeInMs, failed.random());
    return { action, reason, delayMs, delayFromProvider: freeInMs > 0, cost };
  }
  if (isTransparent(failed)) {
    const isFree = error.providerFailure?.reached === "nothing";
    return { action, reason, delayMs: 0, delayFromProvider: false, cost: isFree ? 0 : cost };
  }
  // Another call may have received a longer pause.
  const coolingMs = failed.here?.waitMs ?? 0;
  const cooledMs = coolingMs && hintedWaitMs(coolingMs, failed.random());
  if (action === "repair") {
    // The target is healthy, so no wait is needed.
    return { action, reason, delayMs: cooledMs, delayFromProvider: cooledMs > 0, cost };
  }
  if (failed.waitedSinceMs > 0) {
    return { action, reason, delayMs: cooledMs, delayFromProvider: true, cost };
  }
  const own = isThrottle ? policy.throttle : policy.transient;
  const isLast = !hasOpenNext(failed);
  const { ms, isHint } = backoffMs(
    {
      baseMs: isLast ? own.lastTargetBaseMs : own.baseMs,
      capMs: own.capMs,
      multiplier: policy.multiplier,
      // At the last target, a wait of nearly zero would waste an attempt.
      jitter: isLast ? Math.min(policy.jitter, MAX_JITTER_AT_LAST_TARGET) : policy.jitter,
    },
    failed.attemptsHere - 1,
    // After a throttle the wait never falls below a minimum, even if the provider gives no hint.
    error.retryAfterMs ?? (isThrottle ? own.baseMs : undefined),
    failed.random,
  );
  const isFromProvider = isHint && error.retryAfterMs !== undefined;
  const isCooled = cooledMs > ms;
  return {
    action,
    reason,
    delayMs: Math.max(ms, cooledMs),
    delayFromProvider: isFromProvider || isCooled,
    cost,
  };
}

/** Shortest wait before a move in milliseconds, including the wait since the failure. */
function leastWaitMs(isRetry: boolean, failed: FailedAttempt): number {
  const pause = isRetry ? pauseMs(failed) : failed.next?.waitMs;
  return failed.waitedSinceMs + (pause ?? 0);
}

/** The reason that forbids a move; undefined: none. */
function obstacle(way: Move, failed: FailedAttempt): DecisionReason | undefined {
  const { error, policy, here, next } = failed;
  const isRetry = way.action !== "failover";
  const allowed = isRetry ? policy.retryOn : policy.failoverOn;
  if (allowed !== undefined && !allowed.has(error.kind)) return "policy";
  if (isRetry && failed.attemptsHere >= policy.attempts) return "attempts";
  if (leastWaitMs(isRetry, failed) > policy.maxWaitMs) return "policy";
  if (failed.waitedMs + way.delayMs > policy.maxTotalDelayMs) return "policy";
  const destination = isRetry ? here : next;
  if (destination === undefined || !destination.isOpen) return "circuit-open";
  if (failed.remainingMs <= way.delayMs + (destination.typicalMs ?? 0)) return "deadline";
  // A failover adds no load to the failed target. It is charged at its own target, if it fails there.
  const isLast = !hasOpenNext(failed);
  return !isRetry || destination.canSpend(way.cost, isLast) ? undefined : "budget";
}

export function decide(failed: FailedAttempt): Decision {
  const { error, committed, policy } = failed;
  if (error.kind === "total-timeout") return fail("deadline");
  // A request for repair accepts the loss of delivered output.
  const isKept = error.kind !== "invalid-output" && policy.recovery === "fail";
  if (committed && isKept) return fail("output-delivered");
  const reason = explicitHint(error) === undefined ? "classifier" : "explicit-hint";
  const possible = ways(failed);
  if (possible.length === 0) return fail(reason);
  if (failed.attempts >= policy.totalAttempts) return fail("attempts");
  let first: DecisionReason | undefined;
  for (const action of possible) {
    const way = move(action, failed, reason);
    const why = obstacle(way, failed);
    if (why === undefined) return way;
    first ??= why;
  }
  return fail(first ?? reason);
}
