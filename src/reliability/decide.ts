// Whether a failed attempt is followed by another one: a pure function of what is known.
import type { GatewayError } from "../domain/gateway-error.ts";
import { backoffMs, hintedWaitMs } from "./backoff.ts";
import { explicitHint, ruleOf } from "./failure-rules.ts";
import type { PolicyInForce } from "./retry-policy.ts";
import type { BudgetSettings } from "./settings.ts";

/** Why an attempt was or was not followed by another one. */
export type DecisionReason =
  /** The provider forced or forbade a repetition. */
  | "explicit-hint"
  /** The kind of the failure. */
  | "classifier"
  /** The request's or the operator's policy. */
  | "policy"
  | "attempts"
  | "deadline"
  | "budget"
  /** No target can take the call. */
  | "circuit-open"
  | "output-delivered";

export type Decision =
  | {
      readonly action: "retry" | "failover" | "repair";
      readonly reason: DecisionReason;
      readonly delayMs: number;
      /** The provider asked for the wait. */
      readonly delayFromProvider: boolean;
      /** Price in the budget of the destination. */
      readonly cost: number;
    }
  | { readonly action: "fail"; readonly reason: DecisionReason };

/** A place where the next attempt could run. */
export interface Destination {
  /** It takes a call once `waitMs` have passed. */
  readonly isOpen: boolean;
  readonly waitMs: number;
  /** Time to the first content that most calls need; undefined where nothing is known. */
  readonly typicalMs: number | undefined;
  readonly canSpend: (cost: number) => boolean;
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
  /** A repetition that cost nothing has been made already. */
  readonly freeRetryUsed: boolean;
  /** Invalid output may be asked for again. */
  readonly canRepair: boolean;
  /** What is left of the call's time, and all its waits so far, in milliseconds. */
  readonly remainingMs: number;
  readonly waitedMs: number;
  /** The part of the waits that followed this failure: its target was closed again at their end. */
  readonly waitedSinceMs: number;
  readonly policy: PolicyInForce;
  readonly budget: BudgetSettings;
  /** The same target; undefined: it cannot go on after what was delivered. */
  readonly here: Destination | undefined;
  /** The first target that the rule allows and that was not tried; undefined: none is left. */
  readonly next: Destination | undefined;
  readonly random: () => number;
}

type Move = Exclude<Decision, { action: "fail" }>;

function fail(reason: DecisionReason): Decision {
  return { action: "fail", reason };
}

/** Repetitions at the same target where no other is left; output that was delivered deserves one. */
function sameAlone(failed: FailedAttempt): number {
  const { sameAlone: own, next } = ruleOf(failed.error);
  const isForbidden = explicitHint(failed.error) === "forbid";
  return failed.committed && next === "any" && !isForbidden ? Math.max(1, own) : own;
}

/** The ways on that the kind of the failure allows, best first. */
function ways(failed: FailedAttempt): readonly Move["action"][] {
  if (failed.error.kind === "invalid-output") return failed.canRepair ? ["repair"] : [];
  const { sameFirst, next } = ruleOf(failed.error);
  const repetitions = failed.attemptsHere - 1;
  const failover: Move["action"][] =
    next !== "none" && failed.next !== undefined ? ["failover"] : [];
  if (failed.here === undefined || repetitions >= Math.max(sameFirst, sameAlone(failed))) {
    return failover;
  }
  return repetitions < sameFirst ? ["retry", ...failover] : [...failover, "retry"];
}

/** A request that never reached the provider, or got no byte back, goes again at once, one time. */
function isTransparent(failed: FailedAttempt): boolean {
  const { kind, providerFailure } = failed.error;
  const isUnanswered = kind === "network" && providerFailure?.reached !== undefined;
  // A probe is one request, not two.
  return isUnanswered && !failed.freeRetryUsed && !failed.isProbe && !failed.committed;
}

function move(action: Move["action"], failed: FailedAttempt, reason: DecisionReason): Move {
  const { error, policy, budget } = failed;
  const isThrottle = ruleOf(error).delay === "throttle";
  const cost = isThrottle ? budget.throttleCost : budget.transientCost;
  if (action === "failover") {
    return { action, reason, delayMs: 0, delayFromProvider: false, cost };
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
  const { multiplier, jitter } = policy;
  const own = isThrottle ? policy.throttle : policy.transient;
  const { ms, isHint } = backoffMs(
    { ...own, multiplier, jitter },
    failed.attemptsHere - 1,
    error.retryAfterMs,
    failed.random,
  );
  return { action, reason, delayMs: Math.max(ms, cooledMs), delayFromProvider: isHint, cost };
}

/** What stands in the way of a move; undefined: nothing. */
function obstacle(way: Move, failed: FailedAttempt): DecisionReason | undefined {
  const { error, policy, here, next } = failed;
  const isRetry = way.action !== "failover";
  const allowed = isRetry ? policy.retryOn : policy.failoverOn;
  if (allowed !== undefined && !allowed.has(error.kind)) return "policy";
  if (isRetry && failed.attemptsHere >= policy.attempts) return "attempts";
  const { waitedSinceMs } = failed;
  const hintMs = waitedSinceMs > 0 ? 0 : (error.retryAfterMs ?? 0);
  const leastWaitMs = waitedSinceMs + Math.max(hintMs, here?.waitMs ?? 0);
  if (isRetry && leastWaitMs > policy.maxWaitMs) return "policy";
  if (failed.waitedMs + way.delayMs > policy.maxTotalDelayMs) return "policy";
  const destination = isRetry ? here : next;
  if (destination === undefined || !destination.isOpen) return "circuit-open";
  if (failed.remainingMs <= way.delayMs + (destination.typicalMs ?? 0)) return "deadline";
  return destination.canSpend(way.cost) ? undefined : "budget";
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
