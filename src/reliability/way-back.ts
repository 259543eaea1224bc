// The call returns to a target that it tried before, if no other target can follow a failure.
import type { Clock } from "../clock.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { backoffMs, hintedWaitMs, MAX_JITTER_AT_LAST_TARGET } from "./backoff.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import { isOfProvider, ruleOf } from "./failure-rule.ts";
import type { Progress } from "./progress.ts";
import type { BudgetSettings } from "./reliability-settings.ts";

/** A move back to a target that was tried before. Its cost is taken from the target's budget first. */
export interface WayBack<T extends Target> {
  readonly target: T;
  readonly action: "failover";
  readonly reason: "classifier";
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  readonly cost: number;
}

export interface WayBackOptions<T extends Target> {
  readonly clock: Clock;
  readonly call: EngineCall<T>;
  readonly progress: Progress<T>;
  readonly budget: BudgetSettings;
  /** The failure that no other target can follow. */
  readonly last: { readonly target: T; readonly error: GatewayError };
  /** Called with targets that only the budget forbids. */
  readonly onUnaffordable: (target: T) => void;
}

/** The latest failure of a target, if its rule allows a repetition. */
function repeatableFailure<T extends Target>(
  { call, progress }: WayBackOptions<T>,
  target: T,
): GatewayError | undefined {
  const error = progress.lastFailure.get(target);
  const attempts = progress.attemptsAt.get(target) ?? 0;
  if (error === undefined || attempts >= call.policy.attempts) return undefined;
  const isAllowed = call.policy.retryOn?.has(error.kind) !== false;
  return isAllowed && attempts - 1 < ruleOf(error).sameAlone ? error : undefined;
}

function wayTo<T extends Target>(options: WayBackOptions<T>, target: T): WayBack<T> | undefined {
  const { clock, call, progress, budget } = options;
  const { policy } = call;
  const error = repeatableFailure(options, target);
  if (error === undefined) return undefined;
  const refusal = progress.states.of(target).refusal(call.caller);
  if (refusal !== undefined && refusal.state !== "cooling") return undefined;
  const isThrottle = ruleOf(error).delay === "throttle";
  const own = isThrottle ? policy.throttle : policy.transient;
  const step = backoffMs(
    {
      baseMs: own.lastTargetBaseMs,
      capMs: own.capMs,
      multiplier: policy.multiplier,
      jitter: Math.min(policy.jitter, MAX_JITTER_AT_LAST_TARGET),
    },
    (progress.attemptsAt.get(target) ?? 0) - 1,
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
 * The target tried before `last` that can be asked again soonest. A failure of `last` is no evidence about the
 * others: the rule of each target's own latest failure must allow a repetition.
 */
export function wayBack<T extends Target>(options: WayBackOptions<T>): WayBack<T> | undefined {
  const { call, progress, last, onUnaffordable } = options;
  const { failoverOn, totalAttempts } = call.policy;
  if (!isOfProvider(last.error) || progress.attempts >= totalAttempts) return undefined;
  if (failoverOn !== undefined && !failoverOn.has(last.error.kind)) return undefined;
  let soonest: WayBack<T> | undefined;
  for (const target of progress.used) {
    if (target === last.target || progress.unpaid.has(target)) continue;
    if (progress.broken !== undefined && !call.canContinue(target)) continue;
    const way = wayTo(options, target);
    if (way === undefined) continue;
    if (!progress.states.of(target).instance.budget.canSpend(way.cost)) onUnaffordable(target);
    else if (soonest === undefined || way.delayMs < soonest.delayMs) soonest = way;
  }
  return soonest;
}
