// Whether a failed attempt is followed by another one: a pure function of what is known.
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
      /** The provider asked for the wait. */
      readonly delayFromProvider: boolean;
      /** Price in the budget of the target: of a repetition at once, of a failover if it fails there. */
      readonly cost: number;
    }
  | { readonly action: "fail"; readonly reason: DecisionReason };

/** A place where the next attempt could run. */
export interface Destination {
  /** It takes a call once `waitMs` have passed. */
  readonly isOpen: boolean;
  readonly waitMs: number;
  /** The provider has asked for that wait. */
  readonly isWaitAsked: boolean;
  /** It offers another model than the one that failed. */
  readonly isOtherModel: boolean;
  /** Time to the first content that most calls need; undefined where nothing is known. */
  readonly typicalMs: number | undefined;
  /** `isLastTarget`: no other target is open. */
  readonly canSpend: (cost: number, isLastTarget: boolean) => boolean;
}

export interface FailedAttempt {
  readonly error: GatewayError;
  /** The caller has seen output of it. */
  readonly committed: boolean;
  /** It was sent to find out whether its target works again. */
  readonly isProbe: boolean;
  /** Attempts of the call so far, and those at this target. */
  readonly attempts: number;
  readonly attemptsHere: number;
  /** Other targets that take a call now and were not tried. */
  readonly openTargets: number;
  /** A repetition that cost nothing has been made already. */
  readonly freeRetryUsed: boolean;
  /** Another target may follow, although the table makes the kind final; see `nextTargets`. */
  readonly isWidened?: boolean;
  /** Invalid output may be asked for again. */
  readonly canRepair: boolean;
  /** The call's remaining time, and all its waits so far, in milliseconds. */
  readonly remainingMs: number;
  readonly waitedMs: number;
  /** The part of the waits that followed this failure: its target was closed again at their end. */
  readonly waitedSinceMs: number;
  readonly policy: PolicyInForce;
  readonly budget: BudgetSettings;
  /** The same target; undefined: it cannot continue the delivered output. */
  readonly here: Destination | undefined;
  /** The first target that the rule allows and that was not tried; undefined: there is none. */
  readonly next: Destination | undefined;
  readonly random: () => number;
}

type Move = Exclude<Decision, { action: "fail" }>;

function fail(reason: DecisionReason): Decision {
  return { action: "fail", reason };
}

/** A target can take the next attempt now. */
function hasOpenNext({ next, policy, error }: FailedAttempt): boolean {
  const isAllowed = policy.failoverOn === undefined || policy.failoverOn.has(error.kind);
  return isAllowed && next?.isOpen === true && next.waitMs === 0;
}

/** Remaining milliseconds of the pause that the provider asked this call, or another one, to make. */
function pauseMs({ error, here, waitedSinceMs }: FailedAttempt): number | undefined {
  const own = waitedSinceMs > 0 ? undefined : error.retryAfterMs;
  const others = here?.waitMs ?? 0;
  return others > 0 ? Math.max(others, own ?? 0) : own;
}

/** The target that has failed comes before the next one. */
function comesFirst(failed: FailedAttempt, sameFirst: number): boolean {
  const { next, policy } = failed;
  const repetitions = failed.attemptsHere - 1;
  const pause = pauseMs(failed);
  if (!hasOpenNext(failed)) {
    // No target is open: the one that is free first.
    return next?.isOpen !== true || (pause ?? 0) <= next.waitMs;
  }
  // Each open target gets its attempt before one that has failed gets another.
  if (policy.totalAttempts - failed.attempts <= failed.openTargets) return false;
  if (pause === undefined) return repetitions < sameFirst;
  const isAsked = failed.error.retryAfterMs !== undefined || failed.here?.isWaitAsked === true;
  // The same model elsewhere is as good at once. For another model somebody prefers this one.
  const isPreferred = isAsked && next?.isOtherModel === true;
  // Without a short hint no wait is short enough, not even none.
  const isShort = policy.shortHintMs > 0 && pause <= policy.shortHintMs;
  return repetitions === 0 && isPreferred && isShort;
}

/** The ways on that the kind of the failure allows, best first. */
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

/** A request that never reached the provider, or got no byte back, goes again at once, one time. */
function isTransparent(failed: FailedAttempt): boolean {
  const { kind, providerFailure } = failed.error;
  const isUnanswered = kind === "network" && providerFailure?.reached !== undefined;
  const isPaused = (failed.here?.waitMs ?? 0) > 0;
  // A probe is one request, not two.
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
  // Another call may have been told to wait longer.
  const coolingMs = failed.here?.waitMs ?? 0;
  const cooledMs = coolingMs && hintedWaitMs(coolingMs, failed.random());
  if (action === "repair") {
    // The target is well: nothing has to pass.
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
      // At the last target a wait that is nearly nothing would waste an attempt.
      jitter: isLast ? Math.min(policy.jitter, MAX_JITTER_AT_LAST_TARGET) : policy.jitter,
    },
    failed.attemptsHere - 1,
    // Load that was refused needs its time, whether the provider says how much or not.
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

/** The shortest wait before a move, those included that followed the failure already. */
function leastWaitMs(isRetry: boolean, failed: FailedAttempt): number {
  const pause = isRetry ? pauseMs(failed) : failed.next?.waitMs;
  return failed.waitedSinceMs + (pause ?? 0);
}

/** What stands in the way of a move; undefined: nothing. */
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
  // A failover adds no load to the target that has failed, and is charged where it fails.
  const isLast = !hasOpenNext(failed);
  return !isRetry || destination.canSpend(way.cost, isLast) ? undefined : "budget";
}

export function decide(failed: FailedAttempt): Decision {
  const { error, committed, policy } = failed;
  if (error.kind === "total-timeout") return fail("deadline");
  // Who asks for a repair has agreed to lose what was delivered.
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
