// What follows a failed attempt: the next one, or the end of the call.
import type { Clock } from "../clock.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { refusalError } from "./admission.ts";
import { type Decision, type Destination, decide } from "./decide.ts";
import { type Decided, type EngineCall, nameOf, type Target } from "./engine-call.ts";
import { ruleOf } from "./failure-rules.ts";
import { type Failure, openTarget, type Progress, type Step } from "./progress.ts";
import type { RetryMetrics } from "./retry-metrics.ts";
import type { TargetStates } from "./target-states.ts";

/** Most calls are answered within this quantile of the time to the first content. */
const TYPICAL = 0.5;

type Move = Exclude<Decision, { action: "fail" }>;

export class Recovery {
  readonly #clock: Clock;
  readonly #states: TargetStates;
  readonly #metrics: RetryMetrics;

  constructor(clock: Clock, states: TargetStates, metrics: RetryMetrics) {
    this.#clock = clock;
    this.#states = states;
    this.#metrics = metrics;
  }

  /** The next attempt, after its wait. Throws the `GatewayError` that ends the call. */
  async next<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
  ): Promise<Step<T>> {
    const { error, target } = failure;
    const isContinued = call.policy.recovery === "continue";
    const isWhole = error.kind === "invalid-output";
    // What is whole is broken no longer: it is refused, and begun anew.
    if (isWhole) progress.broken = undefined;
    else if (failure.committed && isContinued) progress.broken = error;
    let announced: T | undefined;
    let struck: GatewayError | undefined;
    const before = progress.waitedMs;
    for (;;) {
      const next = openTarget(call, progress, this.#states, (each) =>
        this.#mayFollow(call, progress, failure, each),
      );
      const waitedSinceMs = progress.waitedMs - before;
      const decision = this.#decide(call, progress, failure, next, waitedSinceMs);
      const decided: Decided = {
        target: nameOf(target),
        kind: error.kind,
        retried: decision.action !== "fail",
        reason: decision.reason,
      };
      const destination = decision.action === "failover" ? next : target;
      if (decision.action === "fail" || destination === undefined) {
        this.#report(call, decided);
        if (error.kind !== "cancelled" && this.#isRecoverable(failure)) {
          this.#metrics.of(decided.target.provider).exhausted++;
        }
        // What ends the call from outside outranks what went wrong in it.
        throw call.signal.aborted ? error : (progress.broken ?? struck ?? error);
      }
      const unpaid = call.unpaid(
        destination,
        this.#goesOn(call, progress, failure) ? "continuation" : decision.action,
      );
      if (unpaid !== undefined) {
        struck = unpaid;
        progress.unpaid.add(destination);
        call.skip(destination, unpaid);
        continue;
      }
      if (decision.action === "failover") this.#passOver(call, progress, failure, destination);
      if (announced !== destination) {
        this.#announce(call, progress, failure, decision, destination);
        announced = destination;
      }
      const step = await this.#take(call, progress, decision, destination, decided);
      if (step !== undefined) return { ...step, delayMs: progress.waitedMs - before };
    }
  }

  #report<T extends Target>(call: EngineCall<T>, decided: Decided): void {
    // A caller that has left decides nothing.
    if (decided.kind === "cancelled") return;
    const { target, kind, retried, reason } = decided;
    this.#metrics.decision(target.provider, kind, retried, reason);
    call.decided(decided);
  }

  #isRecoverable<T extends Target>({ error }: Failure<T>): boolean {
    const { sameAlone, next } = ruleOf(error);
    return sameAlone > 0 || next !== "none";
  }

  /** The rule of the failure lets a call move from its target to this one. */
  #mayFollow<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    next: T,
  ): boolean {
    const { model } = failure.target;
    if (progress.unpaid.has(next)) return false;
    if (this.#goesOn(call, progress, failure) && !call.canContinue(next)) return false;
    switch (ruleOf(failure.error).next) {
      case "none":
        return false;
      case "any":
        return true;
      case "other-instance":
        return next.model.provider !== model.provider;
      case "larger-window":
        return (next.model.contextWindow ?? 0) > (model.contextWindow ?? Number.POSITIVE_INFINITY);
    }
  }

  /** The next attempt would go on after output that the caller holds. */
  #goesOn<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    { committed, error }: Failure<T>,
  ): boolean {
    // Nothing can be added to output that is whole.
    if (error.kind === "invalid-output") return false;
    const isContinued = call.policy.recovery === "continue";
    return isContinued && (committed || progress.broken !== undefined);
  }

  #decide<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    next: T | undefined,
    waitedSinceMs: number,
  ): Decision {
    const { target } = failure;
    const now = this.#clock.now();
    const goesOn = this.#goesOn(call, progress, failure);
    const canGoOn = !goesOn || call.canContinue(target);
    const candidates = call.targets.some(
      (each) => !progress.used.has(each) && this.#mayFollow(call, progress, failure, each),
    );
    return decide({
      error: failure.error,
      committed: goesOn || failure.committed,
      isProbe: failure.isProbe,
      attempts: progress.attempts,
      attemptsHere: progress.attemptsAt.get(target) ?? 1,
      canRepair: call.repairs && !progress.repaired,
      freeRetryUsed: progress.freeRetryUsed,
      remainingMs: call.endsAt - now,
      waitedMs: progress.waitedMs,
      waitedSinceMs,
      // Output that nothing can continue is as good as delivered without recovery.
      policy:
        goesOn && !canGoOn && !candidates ? { ...call.policy, recovery: "fail" } : call.policy,
      budget: this.#states.settings.budget,
      here: canGoOn && !progress.unpaid.has(target) ? this.#destination(call, target) : undefined,
      next: next !== undefined ? this.#destination(call, next) : candidates ? CLOSED : undefined,
      random: () => this.#clock.random(),
    });
  }

  #destination<T extends Target>(call: EngineCall<T>, target: T): Destination {
    const state = this.#states.of(nameOf(target));
    const refusal = state.refusal();
    const now = this.#clock.now();
    const latency = call.stream ? state.streamed : state.whole;
    const isCooling = refusal?.state === "cooling";
    return {
      isOpen: refusal === undefined || isCooling,
      waitMs: isCooling ? refusal.until - now : 0,
      typicalMs: latency.quantile(TYPICAL, now),
      canSpend: (cost) => state.instance.budget.canSpend(cost),
    };
  }

  /** Tells of the targets between the failed one and the next that take no call now. */
  #passOver<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    next: T,
  ): void {
    const now = this.#clock.now();
    for (const target of call.targets) {
      if (target === next) return;
      if (progress.used.has(target) || progress.skipped.has(target)) continue;
      const refusal = this.#states.of(nameOf(target)).refusal();
      if (refusal === undefined || !this.#mayFollow(call, progress, failure, target)) continue;
      progress.skipped.add(target);
      call.skip(target, refusalError(target, refusal, now));
    }
  }

  #announce<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    { action, delayMs }: Move,
    next: T,
  ): void {
    const goesOn = this.#goesOn(call, progress, failure);
    call.recover({
      action: goesOn ? "continue" : action,
      next,
      delayMs,
      discardOutput: failure.committed && !goesOn,
    });
  }

  /** Waits, and takes the right to send; undefined where the target takes no call any more. */
  async #take<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    decision: Move,
    target: T,
    decided: Decided,
  ): Promise<Step<T> | undefined> {
    const { delayMs, delayFromProvider, cost, action } = decision;
    const state = this.#states.of(nameOf(target));
    const { budget } = state.instance;
    // Before the wait: the calls that wait at the same time share one budget.
    budget.spend(cost);
    if (delayMs > 0) {
      progress.waitedMs += delayMs;
      const ended = call.wait(delayMs, decided);
      try {
        await this.#clock.sleep(delayMs, call.signal);
      } catch (error) {
        budget.refund(cost);
        throw error;
      } finally {
        ended();
      }
    } else if (action === "retry") progress.freeRetryUsed = true;
    const permit = state.admit(call.stream);
    if ("state" in permit) {
      budget.refund(cost);
      // It is not passed over yet: the wait goes on.
      if (permit.state === "cooling") return undefined;
      call.skip(target, refusalError(target, permit, this.#clock.now()));
      return undefined;
    }
    if (action === "repair") progress.repaired = true;
    this.#report(call, decided);
    const trigger = progress.broken === undefined ? action : "continuation";
    return { target, permit, trigger, delayMs, delayFromProvider, queuedMs: 0, decided };
  }
}

/** There are targets, and none takes a call. */
const CLOSED: Destination = {
  isOpen: false,
  waitMs: 0,
  typicalMs: undefined,
  canSpend: () => false,
};
