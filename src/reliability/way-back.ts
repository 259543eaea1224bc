// A target that has failed for a while is asked again where the one that stood in is of no help.
import type { Clock } from "../clock.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { backoffMs, hintedWaitMs, MAX_JITTER_AT_LAST_TARGET } from "./backoff.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { isOfProvider, ruleOf } from "./failure-rule.ts";
import type { Progress } from "./progress.ts";
import type { BudgetSettings } from "./reliability-settings.ts";

/** A move to a target that was left behind; its cost is taken from the target's budget before it. */
export interface WayBack<T extends Target> {
  readonly target: T;
  readonly action: "failover";
  readonly reason: "classifier";
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  readonly cost: number;
}

function wayTo<T extends Target>(
  clock: Clock,
  call: EngineCall<T>,
  progress: Progress<T>,
  budget: BudgetSettings,
  target: T,
): WayBack<T> | undefined {
  const error = progress.lastFailure.get(target);
  const attempts = progress.attemptsAt.get(target) ?? 0;
  const { policy } = call;
  if (error === undefined || attempts >= policy.attempts) return undefined;
  const { sameAlone, delay } = ruleOf(error);
  if (attempts - 1 >= sameAlone || policy.retryOn?.has(error.kind) === false) return undefined;
  const state = progress.states.of(target);
  const refusal = state.refusal(call.caller);
  if (refusal !== undefined && refusal.state !== "cooling") return undefined;
  const isThrottle = delay === "throttle";
  const own = isThrottle ? policy.throttle : policy.transient;
  const step = backoffMs(
    {
      baseMs: own.lastTargetBaseMs,
      capMs: own.capMs,
      multiplier: policy.multiplier,
      jitter: Math.min(policy.jitter, MAX_JITTER_AT_LAST_TARGET),
    },
    attempts - 1,
    undefined,
    () => clock.random(),
  );
  const pauseMs = refusal === undefined ? 0 : refusal.until - clock.now();
  const pausedMs = pauseMs && hintedWaitMs(pauseMs, clock.random());
  const delayMs = Math.max(step.ms, pausedMs);
  const cost = isThrottle ? budget.throttleCost : budget.transientCost;
  const isTooLong =
    pauseMs > policy.maxWaitMs ||
    progress.waitedMs + delayMs > policy.maxTotalDelayMs ||
    clock.now() + delayMs >= call.endsAt;
  if (isTooLong) return undefined;
  const delayFromProvider = pausedMs > step.ms;
  return { target, action: "failover", reason: "classifier", delayMs, delayFromProvider, cost };
}

/**
 * The target among those tried before `last` that can be asked again soonest. A failure of `last`
 * says nothing of them: each has its own latest failure, whose rule must allow a repetition.
 * `onUnaffordable` is told of those that the budget alone forbids.
 */
export function wayBack<T extends Target>(
  clock: Clock,
  call: EngineCall<T>,
  progress: Progress<T>,
  budget: BudgetSettings,
  last: { readonly target: T; readonly error: GatewayError },
  onUnaffordable: (target: T) => void,
): WayBack<T> | undefined {
  const { failoverOn, totalAttempts } = call.policy;
  if (!isOfProvider(last.error) || progress.attempts >= totalAttempts) return undefined;
  if (failoverOn !== undefined && !failoverOn.has(last.error.kind)) return undefined;
  let soonest: WayBack<T> | undefined;
  for (const target of progress.used) {
    if (target === last.target || progress.unpaid.has(target)) continue;
    if (progress.broken !== undefined && !call.canContinue(target)) continue;
    const way = wayTo(clock, call, progress, budget, target);
    if (way === undefined) continue;
    if (!progress.states.of(target).instance.budget.canSpend(way.cost)) onUnaffordable(target);
    else if (soonest === undefined || way.delayMs < soonest.delayMs) soonest = way;
  }
  return soonest;
}
