// Runs one attempt to its end, or two if the request allows a rival.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import {
  type AttemptPlan,
  type EngineCall,
  nameOf,
  type RunnableCall,
  type RunningAttempt,
  type Target,
} from "./engine-call.ts";
import { isLoadLike } from "./failure-rule.ts";
import { type HedgeAllowance, hedgeDelayMs } from "./hedge-allowance.ts";
import {
  type Failure,
  isSeenBefore,
  type Outcome,
  openTarget,
  type Progress,
  type Step,
} from "./progress.ts";

import type { RetryMetrics } from "./retry-metrics.ts";
import { runAttempt, toGatewayError } from "./run-attempt.ts";
import type { AttemptPermit } from "./target-state.ts";
import type { TargetStates } from "./target-states.ts";

/** A running attempt. */
interface Racer<T extends Target> {
  readonly target: T;
  /** Never rejects. */
  readonly done: Promise<Outcome<T>>;
  isLost: boolean;
  hasEnded: boolean;
  abort(error: GatewayError): void;
}

/**
 * Share of a failed failover's price that content gives back. A target that fails a third of its calls can still take
 * failovers; one that fails half of them cannot.
 */
const STAND_IN_REFILL = 0.5;

export class Race {
  readonly #clock: Clock;
  readonly #states: TargetStates;
  readonly #metrics: RetryMetrics;
  readonly #hedges: HedgeAllowance;

  constructor(clock: Clock, states: TargetStates, metrics: RetryMetrics, hedges: HedgeAllowance) {
    this.#clock = clock;
    this.#states = states;
    this.#metrics = metrics;
    this.#hedges = hedges;
  }

  /** Sends an attempt. The outcome is that of the winner, or of the last attempt to fail. */
  async run<T extends Target, Item>(
    call: RunnableCall<T, Item>,
    progress: Progress<T>,
    step: Step<T>,
  ): Promise<Outcome<T>> {
    const isHedged = call.hedge !== undefined && !progress.hedged && progress.attempts === 0;
    if (!isHedged) return this.#start(call, progress, step, () => {}).done;
    progress.hedged = true;
    return this.#hedged(call, progress, step);
  }

  async #hedged<T extends Target, Item>(
    call: RunnableCall<T, Item>,
    progress: Progress<T>,
    step: Step<T>,
  ): Promise<Outcome<T>> {
    let rival: Racer<T> | undefined;
    let isOpen = true;
    const close = (loser: Racer<T> | undefined): void => {
      isOpen = false;
      if (loser === undefined) return;
      loser.isLost = true;
      loser.abort(new GatewayError("cancelled", "a rival attempt delivered the first content"));
    };
    const primary = this.#start(call, progress, step, () => close(rival));
    const cancel = this.#scheduleRival(call, progress, step, () => {
      const second = isOpen ? this.#rivalStep(call, progress) : undefined;
      if (second === undefined) return;
      rival = this.#start(call, progress, second, () => {
        this.#metrics.of(nameOf(second.target).provider).hedgeWins++;
        close(primary);
      });
    });
    const first = await primary.done;
    cancel();
    const wasOpen = isOpen;
    isOpen = false;
    // The last failure decides the recovery.
    if (rival === undefined || rival.isLost || (wasOpen && rival.hasEnded)) return first;
    if (first.state === "failed" && wasOpen && !call.signal.aborted) {
      const next = { action: "failover", next: rival.target, delayMs: 0 } as const;
      call.recover({ ...next, discardOutput: false });
    }
    return rival.done;
  }

  /** Calls `send` after the wait for the primary attempt's first content. */
  #scheduleRival<T extends Target>(
    call: EngineCall<T>,
    progress: Progress<T>,
    { target }: Step<T>,
    send: () => void,
  ): () => void {
    const delayMs = hedgeDelayMs(
      call.hedge?.delayMs,
      progress.states.of(target)[call.form],
      this.#states.settings.hedge.minDelayMs,
      this.#clock.now(),
    );
    return delayMs === undefined ? () => {} : this.#clock.schedule(delayMs, send);
  }

  #rivalStep<T extends Target>(call: EngineCall<T>, progress: Progress<T>): Step<T> | undefined {
    if (progress.attempts >= call.policy.totalAttempts) return undefined;
    const target = openTarget(call, progress);
    if (target === undefined) return undefined;
    const state = progress.states.of(target);
    const { budget } = state.instance;
    const cost = this.#states.settings.budget.transientCost;
    // A target that is being probed does not help in a race.
    if (
      budget.isLow ||
      !budget.canSpend(cost) ||
      state.circuit.state !== "closed" ||
      !this.#hedges.take()
    )
      return undefined;
    const permit = state.acquire(call);
    if ("state" in permit) return undefined;
    budget.spend(cost);
    return {
      target,
      permit,
      trigger: "hedge",
      delayMs: 0,
      delayFromProvider: false,
      queuedMs: 0,
      decided: undefined,
      costOfFailure: 0,
    };
  }

  #hasNext<T extends Target>(call: EngineCall<T>, progress: Progress<T>): boolean {
    const { failoverOn, totalAttempts } = call.policy;
    if (progress.attempts >= totalAttempts) return false;
    if (failoverOn !== undefined && !failoverOn.has("first-token-timeout")) return false;
    return call.targets.length > 1 && openTarget(call, progress) !== undefined;
  }

  #begin<T extends Target, Item>(
    call: RunnableCall<T, Item>,
    permit: AttemptPermit,
    plan: AttemptPlan<T>,
  ): RunningAttempt<Item> {
    try {
      return call.begin(plan);
    } catch (error) {
      permit.end(undefined);
      throw error;
    }
  }

  /** `onContent` is called once: with the first content, or with a success without content. */
  #start<T extends Target, Item>(
    call: RunnableCall<T, Item>,
    progress: Progress<T>,
    step: Step<T>,
    onContent: () => void,
  ): Racer<T> {
    const { target, permit, trigger } = step;
    const { provider } = nameOf(target);
    const { instance, standIn } = progress.states.of(target);
    const { budget } = instance;
    const isRepetition = trigger === "retry";
    const startedAt = this.#clock.now();
    if (step.decided === undefined && trigger !== "hedge") budget.called();
    progress.attempts++;
    progress.attemptsAt.set(target, (progress.attemptsAt.get(target) ?? 0) + 1);
    progress.used.add(target);
    this.#metrics.attempt(provider, trigger, step.delayMs);
    const running = this.#begin(call, permit, {
      target,
      state: progress.states.of(target),
      trigger,
      delayMs: step.delayMs,
      delayFromProvider: step.delayFromProvider,
      queuedMs: step.queuedMs,
      number: progress.attempts,
      probeFirstTokenMs: permit.isProbe
        ? this.#states.settings.health.probeFirstTokenMs
        : undefined,
      hasNext: this.#hasNext(call, progress),
      remainingMs: call.endsAt - startedAt,
      decided: step.decided,
    });
    let hasContent = false;
    const content = (now: number): void => {
      hasContent = true;
      permit.content(now - startedAt, running.form);
      if (!isRepetition) budget.refill();
      standIn.refill(this.#states.settings.budget.transientCost * STAND_IN_REFILL);
      onContent();
    };

    const attempt = async (): Promise<Outcome<T>> => {
      try {
        await runAttempt({
          clock: this.#clock,
          signal: call.signal,
          limits: running.limits,
          open: (signal) => running.open(signal),
          signOf: running.signOf,
          isDraining: () => running.isDraining(),
          onStart: (abort) => {
            racer.abort = abort;
          },
          onItem: (item, now, isContent) => {
            if (racer.isLost) return undefined;
            if (isContent) {
              permit.delivered(now);
              if (!hasContent) content(now);
            }
            return running.take(item, now, isContent);
          },
        });
        // A refused answer without content is no success of its target.
        const accepted = running.accept();
        if (accepted !== undefined) await accepted;
        if (!hasContent) content(this.#clock.now());
        racer.hasEnded = true;
        permit.end(undefined);
        running.end("succeeded");
        return { state: "succeeded", target };
      } catch (thrown) {
        racer.hasEnded = true;
        const error = toGatewayError(thrown);
        const isOwn = racer.isLost || running.isOwnLimit(error.kind);
        if (isOwn) permit.end(undefined);
        else {
          const isRepeated = isSeenBefore(progress, target, error);
          if (isLoadLike(error)) standIn.spend(step.costOfFailure);
          permit.end(error, { isRepeated, mark: call.requestMark() });
        }
        if (racer.isLost) running.end("superseded");
        else if (error.kind === "cancelled") running.end("cancelled", error);
        else {
          this.#metrics.failure(provider, error.kind);
          running.end("failed", error);
        }
        const failure: Failure<T> = {
          state: "failed",
          target,
          error,
          committed: running.isCommitted(),
          isProbe: permit.isProbe,
        };
        return failure;
      }
    };
    const racer: Omit<Racer<T>, "done"> = {
      target,
      isLost: false,
      hasEnded: false,
      abort: () => {},
    };
    return Object.assign(racer, { done: attempt() });
  }
}
