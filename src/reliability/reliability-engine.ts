// The attempt loop. It owns every attempt of every call, generic in the items of their answers.
import type { Clock } from "../clock.ts";
import { type EngineCall, nameOf, type RunnableCall, type Target } from "./engine-call.ts";
import { FirstPermit, type Grant } from "./first-permit.ts";
import { HedgeAllowance } from "./hedge-allowance.ts";
import { type Progress, type Step, startProgress } from "./progress.ts";
import { Race } from "./race.ts";
import { Recovery, type RecoveryDependencies } from "./recovery.ts";
import { RetryMetrics } from "./retry-metrics.ts";
import type { TargetStates } from "./target-states.ts";

export class ReliabilityEngine {
  readonly metrics = new RetryMetrics();
  readonly states: TargetStates;
  readonly #firstPermit: FirstPermit;
  readonly #race: Race;
  readonly #recovery: RecoveryDependencies;
  readonly #hedges: HedgeAllowance;

  constructor(clock: Clock, states: TargetStates) {
    this.states = states;
    this.#hedges = new HedgeAllowance(() => states.settings.hedge.share);
    this.#firstPermit = new FirstPermit(clock, states);
    this.#race = new Race(clock, states, this.metrics, this.#hedges);
    this.#recovery = { clock, settings: () => states.settings, metrics: this.metrics };
  }

  /** Chooses the first target; see `FirstPermit`. The grant must be passed to `run`. */
  acquire<T extends Target>(call: EngineCall<T>): Promise<Grant<T>> {
    return this.#firstPermit.acquire(call);
  }

  /** Runs a call to its end: resolves when an attempt has succeeded, throws `GatewayError` otherwise. */
  async run<T extends Target, Item>(call: RunnableCall<T, Item>, grant: Grant<T>): Promise<void> {
    const { queuedMs, cooledMs } = grant;
    const progress: Progress<T> = startProgress(grant.states, cooledMs);
    this.metrics.of(nameOf(grant.target).provider).requests++;
    this.#hedges.request();
    let step: Step<T> = {
      target: grant.target,
      permit: grant.permit,
      trigger: call.targets[0] === grant.target ? call.trigger : "failover",
      delayMs: queuedMs + cooledMs,
      delayFromProvider: cooledMs > 0,
      queuedMs,
      decided: undefined,
      costOfFailure: 0,
    };
    for (;;) {
      const outcome = await this.#race.run(call, progress, step);
      if (outcome.state === "succeeded") {
        if (progress.attempts > 1) this.metrics.of(nameOf(outcome.target).provider).recovered++;
        return;
      }
      step = await new Recovery(this.#recovery, call, progress, outcome).next();
    }
  }
}
