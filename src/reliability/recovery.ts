// The recovery after a failed attempt: the next attempt, or the end of the call.
import type { Clock } from "../clock.ts";
import type { Decided } from "../domain/decided.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import { type Decision, type Destination, decide } from "./decide.ts";
import { endingError } from "./ending-error.ts";
import { type EngineCall, nameOf, type Target } from "./engine-call.ts";
import { nextTargets, ruleOf } from "./failure-rule.ts";
import { goesOn, mayFollow } from "./may-follow.ts";
import { nextTarget } from "./next-target.ts";
import { countOpen, type Failure, type Progress, type Step } from "./progress.ts";
import { budgetError, refusalError } from "./refusal-error.ts";
import type { ReliabilitySettings } from "./reliability-settings.ts";
import type { RetryMetrics } from "./retry-metrics.ts";
import { waitForPermit } from "./wait-for-permit.ts";
import { type WayBack, wayBack } from "./way-back.ts";

/** Quantile of the time to the first content that counts as typical. */
const TYPICAL = 0.5;

type Move = Exclude<Decision, { action: "fail" }>;

/**
 * A move with its target. `isPaid`: the price is taken before the attempt is sent; otherwise it is charged if the
 * attempt fails.
 */
type PlannedMove<T extends Target> = Move & { readonly target: T; readonly isPaid: boolean };

export interface RecoveryDependencies {
  readonly clock: Clock;
  readonly settings: () => ReliabilitySettings;
  readonly metrics: RetryMetrics;
}

/** Targets exist, and none accepts a call. */
const CLOSED: Destination = {
  isOpen: false,
  waitMs: 0,
  isWaitAsked: false,
  isOtherModel: true,
  typicalMs: undefined,
  canSpend: () => false,
};

/** The recovery of one call from one failure. */
export class Recovery<T extends Target> {
  readonly #clock: Clock;
  readonly #settings: () => ReliabilitySettings;
  readonly #metrics: RetryMetrics;
  readonly #call: EngineCall<T>;
  readonly #progress: Progress<T>;
  readonly #failure: Failure<T>;
  /** Milliseconds that the call had waited before the failure. */
  readonly #waitedBefore: number;
  /** Whether the next attempt would continue output that the caller has. */
  readonly #isContinuation: boolean;
  /** The target that was reported as the next one. */
  #announced: T | undefined;
  /** The error of the request's cost limit that forbids another attempt. */
  #unpaidError: GatewayError | undefined;

  constructor(
    { clock, settings, metrics }: RecoveryDependencies,
    call: EngineCall<T>,
    progress: Progress<T>,
    failure: Failure<T>,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#metrics = metrics;
    this.#call = call;
    this.#progress = progress;
    this.#failure = failure;
    this.#waitedBefore = progress.waitedMs;
    this.#noteFailure();
    this.#isContinuation = goesOn(call, progress, failure);
  }

  /** The next attempt, after its wait. Throws the `GatewayError` that ends the call. */
  async next(): Promise<Step<T>> {
    const { target, error } = this.#failure;
    for (;;) {
      const ahead = nextTarget(this.#call, this.#progress, target, this.#mayFollow);
      const waitedSinceMs = this.#progress.waitedMs - this.#waitedBefore;
      const decision = this.#decide(ahead, waitedSinceMs);
      const unaffordable = new Set<T>();
      const back = this.#wayBack(decision, unaffordable);
      const { action, reason } = back ?? decision;
      const decided: Decided = {
        target: nameOf(target),
        kind: error.kind,
        retried: action !== "fail",
        reason,
      };
      const move = back ?? decision;
      const destination = back?.target ?? (action === "failover" ? ahead : target);
      if (move.action === "fail" || destination === undefined) {
        throw this.#end(decided, unaffordable);
      }
      if (this.#isUnpaid(move, destination)) continue;
      this.#announce(move, destination);
      const isPaid = move.action !== "failover" || back !== undefined;
      const step = await this.#take({ ...move, target: destination, isPaid }, decided);
      if (step !== undefined) {
        return { ...step, delayMs: this.#progress.waitedMs - this.#waitedBefore };
      }
    }
  }

  #noteFailure(): void {
    const { error, target, committed } = this.#failure;
    const progress = this.#progress;
    // Complete output is no longer interrupted: it is refused and started anew.
    if (error.kind === "invalid-output") progress.broken = undefined;
    else if (committed && this.#call.policy.recovery === "continue") progress.broken = error;
    if (error.kind === "context-length") progress.outgrown.push(target.model);
    progress.lastFailure.set(target, error);
  }

  readonly #mayFollow = (target: T): boolean =>
    mayFollow(this.#call, this.#progress, this.#failure, target);

  /** Reports the end and returns the final error of the call. */
  #end(decided: Decided, unaffordable: Set<T>): GatewayError {
    const { error, target } = this.#failure;
    const isAborted = this.#call.signal.aborted;
    this.#passOver(undefined);
    if (decided.reason === "budget") unaffordable.add(target);
    if (!isAborted) {
      for (const each of unaffordable) this.#call.skip(each, budgetError(each, "retry"));
    }
    this.#report(decided);
    const { sameAlone, next } = ruleOf(error);
    const isRecoverable = sameAlone > 0 || next !== "none";
    if (error.kind !== "cancelled" && isRecoverable) {
      this.#metrics.of(decided.target.provider).exhausted++;
    }
    // An abort takes precedence over the failures of the call.
    if (isAborted) return error;
    const { broken, attempts } = this.#progress;
    return broken ?? this.#unpaidError ?? endingError(error, decided.reason, attempts);
  }

  /** A move to a target that was tried before, if no better move exists. */
  #wayBack(ahead: Decision, unaffordable: Set<T>): WayBack<T> | undefined {
    const { target } = this.#failure;
    if (this.#call.signal.aborted || ahead.reason === "output-delivered") return undefined;
    const isRepetition = ahead.action === "retry";
    if (ahead.action !== "fail" && !isRepetition) return undefined;
    // The first target is the preferred one.
    if (isRepetition && target === this.#call.targets[0]) return undefined;
    const back = wayBack({
      clock: this.#clock,
      call: this.#call,
      progress: this.#progress,
      budget: this.#settings().budget,
      last: this.#failure,
      onUnaffordable: (each) => unaffordable.add(each),
    });
    const isSooner = isRepetition && ahead.delayFromProvider;
    return isSooner && back !== undefined && ahead.delayMs <= back.delayMs ? undefined : back;
  }

  #report(decided: Decided): void {
    // The cancel of a caller is no decision of the engine.
    if (decided.kind === "cancelled") return;
    const { target, kind, retried, reason } = decided;
    this.#metrics.decision(target.provider, kind, retried, reason);
    this.#call.decided(decided);
  }

  #decide(next: T | undefined, waitedSinceMs: number): Decision {
    const [call, progress, failure] = [this.#call, this.#progress, this.#failure];
    const { target, error } = failure;
    const isContinuation = this.#isContinuation;
    const canGoOn = !isContinuation || call.canContinue(target);
    const isCandidate = (each: T): boolean => !progress.used.has(each) && this.#mayFollow(each);
    const hasCandidates = call.targets.some(isCandidate);
    return decide({
      error,
      committed: isContinuation || failure.committed,
      isProbe: failure.isProbe,
      attempts: progress.attempts,
      attemptsHere: progress.attemptsAt.get(target) ?? 1,
      openTargets: countOpen(call, progress, this.#mayFollow),
      isWidened: nextTargets(error, target.model, call.policy.failoverOn) === "any",
      canRepair: call.repairs && !progress.repaired,
      freeRetryUsed: progress.freeRetryUsed,
      remainingMs: call.endsAt - this.#clock.now(),
      waitedMs: progress.waitedMs,
      waitedSinceMs,
      // If nothing can continue the output, the rules for delivered output without recovery apply.
      policy:
        isContinuation && !canGoOn && !hasCandidates
          ? { ...call.policy, recovery: "fail" }
          : call.policy,
      budget: this.#settings().budget,
      here: canGoOn && !progress.unpaid.has(target) ? this.#here() : undefined,
      next: next !== undefined ? this.#destination(next) : hasCandidates ? CLOSED : undefined,
      random: () => this.#clock.random(),
    });
  }

  /** An open circuit does not refuse calls that its target accepted before, except a probe. */
  #here(): Destination {
    const { target, isProbe } = this.#failure;
    const destination = this.#destination(target);
    const hasWaited = isProbe || this.#progress.refusedInVain.has(target);
    const refusal = this.#progress.states.of(target).refusal(this.#call.caller);
    return refusal?.state === "open" && !hasWaited ? { ...destination, isOpen: true } : destination;
  }

  #destination(to: T): Destination {
    const state = this.#progress.states.of(to);
    const refusal = state.refusal(this.#call.caller);
    const now = this.#clock.now();
    const isCooling = refusal?.state === "cooling";
    const mayQueue = !this.#progress.refusedInVain.has(to);
    return {
      isOpen: refusal === undefined || isCooling || (mayQueue && refusal.state === "full"),
      waitMs: isCooling ? refusal.until - now : 0,
      isWaitAsked: isCooling && refusal.isAsked,
      isOtherModel: to.model.id !== this.#failure.target.model.id,
      typicalMs: state[this.#call.form].quantile(TYPICAL, now),
      canSpend: (cost, isLastTarget) => state.instance.budget.canSpend(cost, isLastTarget),
    };
  }

  /** Reports targets before `next`, or all, that could follow and accept no call now. */
  #passOver(next: T | undefined): void {
    const progress = this.#progress;
    const now = this.#clock.now();
    for (const target of this.#call.targets) {
      if (target === next) return;
      if (progress.used.has(target) || progress.skipped.has(target)) continue;
      if (!this.#mayFollow(target)) continue;
      const state = progress.states.of(target);
      const refusal = state.refusal(this.#call.caller);
      if (refusal === undefined && !state.standIn.isLow) continue;
      progress.skipped.add(target);
      const error =
        refusal === undefined
          ? budgetError(target, "failover")
          : refusalError(target, refusal, now);
      this.#call.skip(target, error);
    }
  }

  /** Whether the request's cost limit forbids the attempt. If so, the target is skipped. */
  #isUnpaid({ action }: Move, destination: T): boolean {
    const unpaid = this.#call.unpaid(destination, this.#isContinuation ? "continuation" : action);
    if (unpaid === undefined) return false;
    this.#unpaidError = unpaid;
    this.#progress.unpaid.add(destination);
    this.#call.skip(destination, unpaid);
    return true;
  }

  #announce({ action, delayMs }: Move, next: T): void {
    if (action === "failover") this.#passOver(next);
    if (this.#announced === next) return;
    this.#call.recover({
      action: this.#isContinuation ? "continue" : action,
      next,
      delayMs,
      discardOutput: this.#failure.committed && !this.#isContinuation,
    });
    this.#announced = next;
  }

  /** Waits and acquires the permit; undefined if the target accepts no call any more. */
  async #take(move: PlannedMove<T>, decided: Decided): Promise<Step<T> | undefined> {
    const [call, progress] = [this.#call, this.#progress];
    const { target, delayMs, delayFromProvider, cost, action, isPaid } = move;
    const wait = { call, progress, target, delayMs, price: isPaid ? cost : 0, decided };
    if (delayMs === 0 && action === "retry") progress.freeRetryUsed = true;
    const permit = await waitForPermit(this.#clock, wait);
    if ("state" in permit) {
      // A paused target is not skipped: the wait continues.
      if (permit.state === "cooling") return undefined;
      progress.refusedInVain.add(target);
      if (progress.used.has(target)) return undefined;
      progress.skipped.add(target);
      call.skip(target, refusalError(target, permit, this.#clock.now()));
      return undefined;
    }
    if (action === "repair") progress.repaired = true;
    this.#report(decided);
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
