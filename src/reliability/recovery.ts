// What follows a failed attempt: the next one, or the end of the call.
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

/** Most calls are answered within this quantile of the time to the first content. */
const TYPICAL = 0.5;

type Move = Exclude<Decision, { action: "fail" }>;

/** An attempt that is decided on: its price is taken before it is sent, unless it is charged if it fails. */
type PlannedMove<T extends Target> = Move & { readonly target: T; readonly isPaid: boolean };

export interface RecoveryDependencies {
  readonly clock: Clock;
  readonly settings: () => ReliabilitySettings;
  readonly metrics: RetryMetrics;
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
  /** The next attempt would continue output that the caller holds. */
  readonly #isContinuation: boolean;
  /** The target that the caller was told of as the next one. */
  #announced: T | undefined;
  /** Why the request's own budget pays for no further attempt. */
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
    // Output that is complete is not broken any more: it is refused, and begun anew.
    if (error.kind === "invalid-output") progress.broken = undefined;
    else if (committed && this.#call.policy.recovery === "continue") progress.broken = error;
    if (error.kind === "context-length") progress.outgrown.push(target.model);
    progress.lastFailure.set(target, error);
  }

  readonly #mayFollow = (target: T): boolean =>
    mayFollow(this.#call, this.#progress, this.#failure, target);

  /** Tells of the end, and gives the error that the call ends with. */
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
    // An end from outside outranks the failures of the call.
    if (isAborted) return error;
    const { broken, attempts } = this.#progress;
    return broken ?? this.#unpaidError ?? endingError(error, decided.reason, attempts);
  }

  /** A target that was tried before, if nothing better is ahead. */
  #wayBack(ahead: Decision, unaffordable: Set<T>): WayBack<T> | undefined {
    const { target } = this.#failure;
    if (this.#call.signal.aborted || ahead.reason === "output-delivered") return undefined;
    const isRepetition = ahead.action === "retry";
    if (ahead.action !== "fail" && !isRepetition) return undefined;
    // The first target is the one that is preferred.
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
    // A caller that has gone decides nothing.
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
      // Output that nothing can continue is as good as delivered without recovery.
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

  /** A circuit that opens refuses no call that its target took before, unless that was the probe. */
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

  /** Tells of the targets before `next`, or of all, that could follow and take no call now. */
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

  /** The request's own budget does not pay for the attempt: the target is passed over. */
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

  /** Waits, and takes the right to send; undefined where the target takes no call any more. */
  async #take(move: PlannedMove<T>, decided: Decided): Promise<Step<T> | undefined> {
    const [call, progress] = [this.#call, this.#progress];
    const { target, delayMs, delayFromProvider, cost, action, isPaid } = move;
    const wait = { call, progress, target, delayMs, price: isPaid ? cost : 0, decided };
    if (delayMs === 0 && action === "retry") progress.freeRetryUsed = true;
    const permit = await waitForPermit(this.#clock, wait);
    if ("state" in permit) {
      // A target that pauses is not passed over: the wait goes on.
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
