// A generation from admission to its end: route, limits, attempts. Where its
// events go is the caller's matter: `gateway.ts`.

import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Attempt, AttemptNotice, TargetName } from "../domain/generation.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import type { Route, RoutedTarget, SkippedTarget } from "../domain/route.ts";
import { GenerationResult, type Outcome } from "../output/generation-result.ts";
import type { SchemaChecks } from "../output/schema-checks.ts";
import type { Provider } from "../providers/provider.ts";
import { type DefaultTimeouts, totalLimitMs } from "../reliability/attempt-limits.ts";
import { type EngineCall, nameOf } from "../reliability/engine-call.ts";
import { policyInForce } from "../reliability/policy-in-force.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { ReliabilityEngine } from "../reliability/reliability-engine.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";
import {
  type AttemptContext,
  type Delivery,
  moneyObstacle,
  NO_DELIVERY,
  paidTargets,
  startAttempt,
  textToContinue,
} from "./generation-attempt.ts";
import { hedgePolicy } from "./hedge-policy.ts";
import { checkCurrency } from "./request-budget.ts";
import { requestMark } from "./request-mark.ts";
import { RunEnd } from "./run-end.ts";

/** What a reload can replace; a call keeps what it started with, as long as it holds a lease. */
export interface Deployment {
  /** Keeps its providers open until the returned function is called; that may happen twice. */
  lease(): () => void;
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
  readonly checks: SchemaChecks;
  /** Gets a record of each attempt and of each generation that ends here. */
  readonly usage: UsageSink;
  /** Is told of each defect that ends a generation. */
  readonly onDefect: OnDefect;
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
  /** How long the caller reads it, where it can go on after that. */
  readonly readMs?: number | undefined;
  readonly telemetry: CallTelemetry;
  /** The caller drops output that a notice voids; of a whole answer nobody has any. */
  readonly acceptsDiscard: boolean;
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
  /** Runs the attempts and hands their events on. Never throws: a defect ends it as INTERNAL. */
  run(delivery: Delivery): Promise<Outcome>;
  /** Ends it with this error, at once. */
  abort(error: GatewayError): void;
  /** Gives back what it holds, in place of `run`. */
  release(): void;
}

/** Whose generation it is, what ends it, and what ends the provider calls that are read on after it. */
interface Ends {
  readonly caller: string;
  readonly lifetime: AbortController;
  readonly hurry: AbortController;
}

function totalTimeout(limitMs: number): GatewayError {
  const message = `the generation took longer than ${Math.round(limitMs)} ms`;
  return new GatewayError("total-timeout", message);
}

/** Invalid output is asked for again, if the caller can be shown the second answer. */
function repairsOutput({ spec, acceptsDiscard }: RunRequest): boolean {
  const { outputFormat, routing } = spec;
  const isAsked = outputFormat.type !== "text" && outputFormat.onInvalid === "retry";
  // Who names RESTART without saying that it accepts discards is older than the word, and does.
  return isAsked && (acceptsDiscard || routing.midStreamRecovery === "restart");
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
    this.abortOf(() => true, error);
  }

  /** Ends the generations of these callers with this error. */
  abortOf(isMeant: (caller: string) => boolean, error: GatewayError): void {
    for (const { caller, lifetime, hurry } of this.#running) {
      if (!isMeant(caller)) continue;
      lifetime.abort(error);
      hurry.abort(error);
    }
  }

  /**
   * Finds a target that takes the generation. Throws `GatewayError` before
   * anything is sent, or `GenerationFailed` where no target took it. `signal`
   * ends the wait for one, and nothing later.
   */
  async prepare(request: RunRequest, signal: AbortSignal): Promise<GenerationRun> {
    const { clock, telemetry, engine, stats, counter, checks, usage, newId, onDefect } =
      this.#dependencies;
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
    const skip = (misfit: SkippedTarget): void =>
      result.skip(misfit.target, new GatewayError("validation", misfit.reason));
    skipped.forEach(skip);
    const paid = paidTargets({ result, counter }, targets);
    const facts: CallFacts = {
      generationId: result.generationId,
      caller: request.caller,
      labels: spec.labels,
      stream,
    };
    const lifetime = new AbortController();
    const hurry = new AbortController();
    const ends: Ends = { caller: request.caller, lifetime, hurry };
    const end = new RunEnd({
      result,
      usage,
      facts,
      onDefect,
      abort: (error) => lifetime.abort(error),
      skipUnfit: () => unfit.forEach(skip),
    });
    if (paid.error !== undefined) throw end.fail(paid.error);
    let delivery = NO_DELIVERY;
    const context: AttemptContext = {
      telemetry,
      callTelemetry: request.telemetry,
      stats,
      counter,
      checks,
      provider: (instance) => deployment.provider(instance),
      timeouts: deployment.timeouts,
      clock,
      usage,
      facts,
      abort: { ...deployment.abort, ...spec.abort },
      onDefect: (error) => void end.guard.take(error),
      lifetime: lifetime.signal,
      hurry: hurry.signal,
      result,
      stream,
      waitsUntil: clock.now() + (request.readMs ?? limitMs),
      delivery: () => delivery,
    };
    this.#running.add(ends);
    // To the end of `run`. A rival that has lost by then has closed its connection.
    const release = deployment.lease();
    const cancelTimer = clock.schedule(limitMs, () => lifetime.abort(totalTimeout(limitMs)));
    const stop = (): void => {
      this.#running.delete(ends);
      release();
      cancelTimer();
      if (this.#running.size > 0) return;
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    const unguarded = (): EngineCall<RoutedTarget> => ({
      targets: paid.targets,
      policy: policyInForce(spec.retry, spec.routing, engine.states.settings.retry),
      caller: request.caller,
      stream,
      repairs: repairsOutput(request),
      trigger: before === undefined ? "initial" : "takeover",
      endsAt: clock.now() + limitMs,
      signal: lifetime.signal,
      hedge: hedgePolicy(counter, spec, targets[0], engine.states.settings.hedge),
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
      requestMark: () => requestMark(request.caller, spec),
    });
    const forward = (): void => lifetime.abort(signal.reason);
    if (signal.aborted) forward();
    else signal.addEventListener("abort", forward);
    try {
      const call = end.guard.call(unguarded());
      const grant = await engine.acquire(call);
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
          const failed = await engine.run(call, grant).then(
            () => undefined,
            (error: unknown) => error ?? new GatewayError("internal", "nothing was thrown"),
          );
          const outcome = await end.settle(failed, () => {
            const overheadMs = result.overheadMs();
            telemetry.recordCall({ stream, attempts: result.sent, overheadMs });
          });
          stop();
          return outcome;
        },
      };
    } catch (error) {
      stop();
      throw end.fail(error);
    } finally {
      signal.removeEventListener("abort", forward);
    }
  }
}
