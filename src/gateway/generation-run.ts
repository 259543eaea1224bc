// A generation from admission to its end: route, limits, attempts. Where its
// events go is the caller's matter: `gateway.ts`.

import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import {
  type Attempt,
  type AttemptNotice,
  GenerationFailed,
  type TargetName,
} from "../domain/generation.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import { GenerationResult, type Outcome } from "../output/generation-result.ts";
import type { Provider } from "../providers/provider.ts";
import type { ReliabilityEngine } from "../reliability/attempts.ts";
import { type EngineCall, nameOf } from "../reliability/engine-call.ts";
import { type DefaultTimeouts, totalLimitMs } from "../reliability/limits.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import { policyInForce } from "../reliability/retry-policy.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";
import {
  type AttemptContext,
  type Delivery,
  type FittedTarget,
  moneyObstacle,
  NO_DELIVERY,
  paidTargets,
  startAttempt,
  textToContinue,
} from "./attempt-run.ts";
import { hedgeOf } from "./hedge-of.ts";
import { recordCall } from "./record-call.ts";
import { checkCurrency } from "./request-budget.ts";

/** Targets in the order in which they are tried, and those that cannot serve the request. */
export interface Route {
  readonly targets: readonly [FittedTarget, ...FittedTarget[]];
  /** Those before the first target, and those behind it. */
  readonly skipped: readonly Misfit[];
  readonly unfit: readonly Misfit[];
}

interface Misfit {
  readonly target: TargetName;
  readonly reason: string;
}

/** What a reload can replace; a call keeps what it started with. */
export interface Deployment {
  /** Throws `GatewayError` where no target is eligible. */
  route(spec: GenerationSpec): Route;
  provider(instanceId: string): Provider;
  readonly timeouts: DefaultTimeouts;
  /** How provider calls end on a cancel, where the request does not say. */
  readonly abort: AbortPolicy;
}

export interface RunDependencies {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly deployment: () => Deployment;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  readonly counter: TokenCounter;
  /** Gets a record of each attempt and of each generation that ends here. */
  readonly usage: UsageSink;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
}

/** A generation that is to be run. */
export interface RunRequest {
  readonly spec: GenerationSpec;
  readonly caller: string;
  readonly stream: boolean;
  /** What a deadline of the caller leaves for all of it, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
  /** What an owner that was lost had done of it. */
  readonly before: Before | undefined;
}

export interface Before {
  readonly generationId: string;
  readonly createTimeMs: number;
  readonly attempts: readonly Attempt[];
}

/** A generation that has passed admission: a target has taken it, nothing is sent yet. */
export interface GenerationRun {
  readonly result: GenerationResult;
  /** Where it goes first. */
  readonly target: TargetName;
  /** Longest duration from now, in milliseconds. */
  readonly limitMs: number;
  /** Runs the attempts and hands their events on. Never throws. */
  run(delivery: Delivery): Promise<Outcome>;
  /** Ends it with this error, at once. */
  abort(error: GatewayError): void;
  /** Gives back what it holds, in place of `run`. */
  release(): void;
}

/** What ends a generation, and what ends the provider calls that are read on after it. */
interface Ends {
  readonly lifetime: AbortController;
  readonly hurry: AbortController;
}

function totalTimeout(limitMs: number): GatewayError {
  const message = `the generation took longer than ${Math.round(limitMs)} ms`;
  return new GatewayError("total-timeout", message);
}

export class GenerationRuns {
  readonly #dependencies: RunDependencies;
  readonly #running = new Set<Ends>();
  #whenIdle: (() => void)[] = [];

  constructor(dependencies: RunDependencies) {
    this.#dependencies = dependencies;
  }

  /** Generations that run, whether a call waits for them or not. */
  get active(): number {
    return this.#running.size;
  }

  get usage(): UsageSink {
    return this.#dependencies.usage;
  }

  /** Resolves when none runs. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends every generation that runs with this error. */
  abortAll(error: GatewayError): void {
    for (const { lifetime, hurry } of this.#running) {
      lifetime.abort(error);
      hurry.abort(error);
    }
  }

  /**
   * Finds a target that takes the generation. Throws `GatewayError` before
   * anything is sent, or `GenerationFailed` where no target took it. `signal`
   * ends the wait for one, and nothing later.
   */
  async admit(request: RunRequest, signal: AbortSignal): Promise<GenerationRun> {
    const { clock, telemetry, engine, stats, counter, usage, newId } = this.#dependencies;
    const deployment = this.#dependencies.deployment();
    const { spec, stream, timeoutMs, before } = request;
    const limitMs = totalLimitMs(spec.timeouts, deployment.timeouts, timeoutMs);
    if (limitMs <= 0) {
      throw new GatewayError("total-timeout", "the deadline had passed when the call arrived");
    }
    const { targets, skipped, unfit } = deployment.route(spec);
    checkCurrency(
      spec,
      targets.map(({ model }) => model),
    );
    for (const { model, options } of targets) {
      deployment.provider(model.provider).checkOptions?.(options);
    }
    const target = nameOf(targets[0]);
    const { providerModel } = targets[0].model;
    const result = new GenerationResult({
      generationId: before?.generationId ?? newId(),
      requestedModel: spec.model,
      target: { ...target, providerModel },
      clock,
      before,
    });
    const skip = (misfit: Misfit): void =>
      result.skip(misfit.target, new GatewayError("validation", misfit.reason));
    skipped.forEach(skip);
    const paid = paidTargets({ result, counter }, targets);
    const facts: CallFacts = {
      generationId: result.generationId,
      caller: request.caller,
      labels: spec.labels,
      stream,
    };
    const record = (): void => recordCall(usage, facts, result.outcome());
    const fail = (error: unknown): GenerationFailed => {
      unfit.forEach(skip);
      const failure = result.fail(toGatewayError(error));
      record();
      return new GenerationFailed(failure);
    };
    if (paid.error !== undefined) throw fail(paid.error);

    const lifetime = new AbortController();
    const hurry = new AbortController();
    const ends: Ends = { lifetime, hurry };
    let delivery = NO_DELIVERY;
    const context: AttemptContext = {
      telemetry,
      callTelemetry: request.telemetry,
      stats,
      counter,
      provider: (instance) => deployment.provider(instance),
      timeouts: deployment.timeouts,
      clock,
      usage,
      facts,
      abort: { ...deployment.abort, ...spec.abort },
      lifetime: lifetime.signal,
      hurry: hurry.signal,
      result,
      stream,
      hasDeadline: timeoutMs !== undefined,
      delivery: () => delivery,
    };
    this.#running.add(ends);
    const cancelTimer = clock.schedule(limitMs, () => lifetime.abort(totalTimeout(limitMs)));
    const stop = (): void => {
      this.#running.delete(ends);
      cancelTimer();
      if (this.#running.size > 0) return;
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    const call: EngineCall<FittedTarget> = {
      targets: paid.targets,
      policy: policyInForce(spec.retry, spec.routing, engine.states.settings.retry),
      stream,
      repairs: spec.outputFormat.type !== "text" && spec.outputFormat.onInvalid === "retry",
      trigger: before === undefined ? "initial" : "takeover",
      endsAt: clock.now() + limitMs,
      signal: lifetime.signal,
      hedge: hedgeOf(counter, spec, targets[0], engine.states.settings.hedge),
      begin: (plan) => startAttempt(context, plan),
      skip: (passed, error) => result.skip(nameOf(passed), error),
      decided: (decided) => telemetry.recordDecision(decided),
      recover({ action, next, delayMs, discardOutput }) {
        if (discardOutput) result.discard();
        const failed = result.lastEnded();
        if (failed === undefined) return;
        const notice: AttemptNotice = {
          failed,
          action,
          next: nameOf(next),
          delayMs,
          discardOutput,
        };
        delivery.notice(notice);
      },
      wait: (ms, decided) => telemetry.startBackoff(request.telemetry, { ms, ...decided }),
      unpaid: (next, trigger) => moneyObstacle(context, next, trigger),
      canContinue: (next) => textToContinue(result, next) !== undefined,
    };
    const forward = (): void => lifetime.abort(signal.reason);
    if (signal.aborted) forward();
    else signal.addEventListener("abort", forward, { once: true });
    try {
      const grant = await engine.admit(call);
      return {
        result,
        target,
        limitMs,
        abort: (error) => lifetime.abort(error),
        release() {
          stop();
          grant.permit.end(undefined);
        },
        async run(deliverTo) {
          delivery = deliverTo;
          try {
            await engine.run(call, grant);
            await result.counted();
            result.succeed();
            record();
          } catch (error) {
            await result.counted();
            fail(error);
          } finally {
            stop();
          }
          telemetry.recordCall({ stream, attempts: result.sent, overheadMs: result.overheadMs() });
          return result.outcome();
        },
      };
    } catch (error) {
      stop();
      throw fail(error);
    } finally {
      signal.removeEventListener("abort", forward);
    }
  }
}
