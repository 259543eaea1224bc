// What follows a failed attempt: the next one, or the end of the call.
import type { Clock } from "../clock.ts";
import type { Decided } from "../domain/decided.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { budgetError, refusalError } from "./admission.ts";
import { type Decision, type Destination, decide } from "./decide.ts";
import { endingError } from "./ending-error.ts";
import { type EngineCall, nameOf, type Target } from "./engine-call.ts";
import { nextTargets, ruleOf } from "./failure-rules.ts";
import { goesOn, mayFollow } from "./may-follow.ts";
import { nextTarget } from "./next-target.ts";
import { countOpen, type Failure, type Progress, type Step } from "./progress.ts";
import type { RetryMetrics } from "./retry-metrics.ts";
import type { ReliabilitySettings } from "./settings.ts";
import type { TargetState } from "./target-state.ts";
import { waitForPermit } from "./wait-for-permit.ts";
import { type WayBack, wayBack } from "./way-back.ts";

/** Most calls are answered within this quantile of the time to the first content. */
const TYPICAL = 0.5;

type Move = Exclude<Decision, { action: "fail" }>;

export class Recovery {
  readonly #clock: Clock;
  readonly #settings: () => ReliabilitySettings;
  readonly #metrics: RetryMetrics;

  constructor(clock: Clock, settings: () => ReliabilitySettings, metrics: RetryMetrics) {
    this.#clock = clock;
    this.#settings = settings;
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
    if (error.kind === "context-length") progress.outgrown.push(target.model);
    progress.lastFailure.set(target, error);
    let announced: T | undefined;
    let struck: GatewayError | undefined;
    const before = progress.waitedMs;
    for (;;) {
      const next = nextTarget(call, progress, target, (each) =>
        mayFollow(call, progress, failure, each),
      );
      const waitedSinceMs = progress.waitedMs - before;
      const ahead = this.#decide(call, progress, failure, next, waitedSinceMs);
      const unaffordable = new Set<T>();
      const back = this.#wayBack(call, progress, failure, ahead, unaffordable);
      const decision = back ?? ahead;
      const decided: Decided = {
        target: nameOf(target),
        kind: error.kind,
        retried: decision.action !== "fail",
        reason: decision.reason,
      };
      const destination = back?.target ?? (decision.action === "failover" ? next : target);
      if (decision.action === "fail" || destination === undefined) {
        this.#passOver(call, progress, failure, undefined);
        if (decision.reason === "budget") unaffordable.add(target);
        if (!call.signal.aborted)
          for (const each of unaffordable) call.skip(each, budgetError(each, "retry"));
        this.#report(call, decided);
        if (error.kind !== "cancelled" && this.#isRecoverable(failure)) {
          this.#metrics.of(decided.target.provider).exhausted++;
        }
        // What ends the call from outside outranks what went wrong in it.
        if (call.signal.aborted) throw error;
        throw progress.broken ?? struck ?? endingError(error, decision.reason, progress.attempts);
      }
      const unpaid = call.unpaid(
        destination,
        goesOn(call, progress, failure) ? "continuation" : decision.action,
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
      const isPaid = decision.action !== "failover" || back !== undefined;
      const step = await this.#take(call, progress, { ...decision, isPaid }, destination, decided);
      if (step !== undefined) return { ...step, delayMs: progress.waitedMs - before };
    }
  }

  /** A target that the call has left behind, where nothing better is ahead. */
  #wayBack<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    ahead: Decision,
    unaffordable: Set<T>,
  ): WayBack<T> | undefined {
    if (call.signal.aborted || ahead.reason === "output-delivered") return undefined;
    const isRepetition = ahead.action === "retry";
    if (ahead.action !== "fail" && !isRepetition) return undefined;
    // The first target is the one that is preferred.
    if (isRepetition && failure.target === call.targets[0]) return undefined;
    const { budget } = this.#settings();
    const back = wayBack(this.#clock, call, progress, budget, failure, (target) =>
      unaffordable.add(target),
    );
    const isSooner = isRepetition && ahead.delayFromProvider;
    return isSooner && back !== undefined && ahead.delayMs <= back.delayMs ? undefined : back;
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

  #decide<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    next: T | undefined,
    waitedSinceMs: number,
  ): Decision {
    const { target } = failure;
    const now = this.#clock.now();
    const destination = (to: T): Destination => ({
      ...this.#destination(call, progress.states.of(to), !progress.refusedInVain.has(to)),
      isOtherModel: to.model.id !== target.model.id,
    });
    // A circuit that has opened refuses no call that was admitted, unless that was the probe.
    const here = (to: T): Destination => {
      const hasWaited = failure.isProbe || progress.refusedInVain.has(to);
      const isOpened = progress.states.of(to).refusal(call.caller)?.state === "open" && !hasWaited;
      return isOpened ? { ...destination(to), isOpen: true } : destination(to);
    };
    const isContinuation = goesOn(call, progress, failure);
    const canGoOn = !isContinuation || call.canContinue(target);
    const fits = (each: T): boolean => mayFollow(call, progress, failure, each);
    const candidates = call.targets.some((each) => !progress.used.has(each) && fits(each));
    return decide({
      error: failure.error,
      committed: isContinuation || failure.committed,
      isProbe: failure.isProbe,
      attempts: progress.attempts,
      attemptsHere: progress.attemptsAt.get(target) ?? 1,
      openTargets: countOpen(call, progress, fits),
      isWidened: nextTargets(failure.error, target.model, call.policy.failoverOn) === "any",
      canRepair: call.repairs && !progress.repaired,
      freeRetryUsed: progress.freeRetryUsed,
      remainingMs: call.endsAt - now,
      waitedMs: progress.waitedMs,
      waitedSinceMs,
      // Output that nothing can continue is as good as delivered without recovery.
      policy:
        isContinuation && !canGoOn && !candidates
          ? { ...call.policy, recovery: "fail" }
          : call.policy,
      budget: this.#settings().budget,
      here: canGoOn && !progress.unpaid.has(target) ? here(target) : undefined,
      next: next !== undefined ? destination(next) : candidates ? CLOSED : undefined,
      random: () => this.#clock.random(),
    });
  }

  #destination<T extends Target>(
    call: EngineCall<T>,
    state: TargetState,
    mayQueue: boolean,
  ): Omit<Destination, "isOtherModel"> {
    const refusal = state.refusal(call.caller);
    const now = this.#clock.now();
    const latency = call.stream ? state.streamed : state.whole;
    const isCooling = refusal?.state === "cooling";
    return {
      isOpen: refusal === undefined || isCooling || (mayQueue && refusal.state === "full"),
      waitMs: isCooling ? refusal.until - now : 0,
      isWaitAsked: isCooling && refusal.isAsked,
      typicalMs: latency.quantile(TYPICAL, now),
      canSpend: (cost, isLastTarget) => state.instance.budget.canSpend(cost, isLastTarget),
    };
  }

  /** Tells of the targets before `next`, or of all, that could follow and take no call now. */
  #passOver<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    next: T | undefined,
  ): void {
    const now = this.#clock.now();
    for (const target of call.targets) {
      if (target === next) return;
      if (progress.used.has(target) || progress.skipped.has(target)) continue;
      if (!mayFollow(call, progress, failure, target)) continue;
      const state = progress.states.of(target);
      const refusal = state.refusal(call.caller);
      if (refusal === undefined && !state.standIn.isLow) continue;
      progress.skipped.add(target);
      call.skip(
        target,
        refusal === undefined
          ? budgetError(target, "failover")
          : refusalError(target, refusal, now),
      );
    }
  }

  #announce<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
    { action, delayMs }: Move,
    next: T,
  ): void {
    const isContinuation = goesOn(call, progress, failure);
    call.recover({
      action: isContinuation ? "continue" : action,
      next,
      delayMs,
      discardOutput: failure.committed && !isContinuation,
    });
  }

  /** Waits, and takes the right to send; undefined where the target takes no call any more. */
  async #take<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    move: Move & { readonly isPaid: boolean },
    target: T,
    decided: Decided,
  ): Promise<Step<T> | undefined> {
    const { delayMs, delayFromProvider, cost, action, isPaid } = move;
    const price = isPaid ? cost : 0;
    const wait = { call, progress, target, delayMs, price, decided };
    if (delayMs === 0 && action === "retry") progress.freeRetryUsed = true;
    const permit = await waitForPermit(this.#clock, wait);
    if ("state" in permit) {
      // It is not passed over yet: the wait goes on.
      if (permit.state === "cooling") return undefined;
      progress.refusedInVain.add(target);
      if (progress.used.has(target)) return undefined;
      progress.skipped.add(target);
      call.skip(target, refusalError(target, permit, this.#clock.now()));
      return undefined;
    }
    if (action === "repair") progress.repaired = true;
    this.#report(call, decided);
    return {
      target,
      permit,
      trigger: progress.broken === undefined ? action : "continuation",
      delayMs,
      delayFromProvider,
      queuedMs: 0,
      decided,
      costOfFailure: isPaid ? 0 : cost,
    };
  }
}

/** There are targets, and none takes a call. */
const CLOSED: Destination = {
  isOpen: false,
  waitMs: 0,
  isWaitAsked: false,
  isOtherModel: true,
  typicalMs: undefined,
  canSpend: () => false,
};
