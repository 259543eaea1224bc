import { GatewayError } from "../domain/gateway-error.ts";
import type { TargetName } from "../domain/generation.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { Route, RoutedTarget, SkippedTarget } from "../domain/route.ts";
import { GenerationResult, type Outcome } from "../output/generation-result.ts";
import type { CallReservation, LimitedCaller } from "../ports/call-limits.ts";
import { type NextAttempt, nameOf, type RunnableCall } from "../reliability/engine-call.ts";
import type { Grant } from "../reliability/first-permit.ts";
import { policyInForce } from "../reliability/policy-in-force.ts";
import { isElsewhere } from "../streams/stream-errors.ts";
import type { CallFacts } from "../usage/usage-sink.ts";
import type { UsualOutput } from "../usage/usual-output.ts";
import { needOf } from "./attempt-need.ts";
import { textToContinue } from "./attempt-spec.ts";
import { type Delivery, NO_DELIVERY } from "./delivery.ts";
import { type AttemptContext, GenerationAttempt } from "./generation-attempt.ts";
import type { Deployment, GenerationRun, RunDependencies, RunRequest } from "./generation-run.ts";
import { hedgePolicy } from "./hedge-policy.ts";
import { ownerLost } from "./owner-lost.ts";
import { moneyObstacle, paidTargets } from "./paid-targets.ts";
import { payFor } from "./pay-for.ts";
import { requestMark } from "./request-mark.ts";
import { RunEnd } from "./run-end.ts";
import { generationOf, usedAmounts } from "./used-amounts.ts";

export interface PreparedRunOptions {
  readonly dependencies: RunDependencies;
  readonly deployment: Deployment;
  readonly request: RunRequest;
  /** Undefined: the caller has no limits. */
  readonly limited: LimitedCaller | undefined;
  readonly usualOutput: UsualOutput;
  readonly route: Route;
  /** Longest duration from now, in milliseconds. */
  readonly limitMs: number;
  /** Called when the run has ended or was released. */
  readonly onStop: () => void;
}

function totalTimeout(limitMs: number): GatewayError {
  const message = `the generation took longer than ${Math.round(limitMs)} ms`;
  return new GatewayError("total-timeout", message);
}

/** Whether invalid output is requested again, because the caller can receive a second answer. */
function repairsOutput({ spec, acceptsDiscard }: RunRequest): boolean {
  const { outputFormat, routing } = spec;
  const isAsked = outputFormat.type !== "text" && outputFormat.onInvalid === "retry";
  // A request with RESTART but without `accepts_discard` is older than that field, and accepts discards.
  return isAsked && (acceptsDiscard || routing.midStreamRecovery === "restart");
}

/** A generation from its route to its end. */
export class PreparedRun implements GenerationRun {
  readonly result: GenerationResult;
  readonly target: TargetName;
  readonly limitMs: number;
  readonly #options: PreparedRunOptions;
  readonly #targets: ReturnType<typeof paidTargets>;
  /** Aborted at the end of the generation. */
  readonly #lifetime = new AbortController();
  /** Ends provider calls that are read on after the generation. */
  readonly #hurry = new AbortController();
  readonly #end: RunEnd;
  #delivery: Delivery = NO_DELIVERY;
  #giveBack = (): void => {};
  #call: RunnableCall<RoutedTarget, ProviderEvent> | undefined;
  #grant: Grant<RoutedTarget> | undefined;
  #reservation: CallReservation | undefined;

  constructor(options: PreparedRunOptions) {
    const { dependencies, request, route, limitMs, limited } = options;
    const { clock, counter, usage, newId, onDefect } = dependencies;
    const [first] = route.targets;
    this.#options = options;
    this.limitMs = limitMs;
    this.target = nameOf(first);
    this.result = new GenerationResult({
      generationId: request.before?.generationId ?? newId(),
      requestedModel: request.spec.model,
      target: { ...this.target, providerModel: first.model.providerModel },
      clock,
      before: request.before,
    });
    this.#skip(route.skipped);
    this.#targets = paidTargets({ result: this.result, counter, limited }, route.targets);
    this.#end = new RunEnd({
      result: this.result,
      usage,
      facts: this.#facts,
      onDefect,
      abort: (error) => this.abort(error),
      skipUnfit: () => this.#skip(route.unfit),
    });
  }

  get caller(): string {
    return this.#options.request.caller;
  }

  /** Throws `GenerationFailed` if the request's budget pays for no target. */
  checkMoney(): void {
    if (this.#targets.error !== undefined) throw this.#end.fail(this.#targets.error);
  }

  /** Throws `GenerationFailed` where no target goes on with what a lost owner has delivered. */
  checkContinuation(): void {
    if (this.#goingOn().length === 0) throw this.#end.fail(ownerLost());
  }

  /** Takes what the first attempt can come to of the caller's limits. Rejects with `GatewayError` where they refuse it. */
  async reserve(limited: LimitedCaller): Promise<void> {
    const { dependencies, request, usualOutput } = this.#options;
    const [first] = this.#targets.targets;
    if (first === undefined) return;
    const { counter } = dependencies;
    const { spec } = payFor({ result: this.result, counter, limited }, first, first.spec);
    const generation = {
      generationId: this.result.generationId,
      isRequestOnly: false,
      model: first.model,
      need: needOf({ counter, usualOutput }, first, spec),
      canMove: request.canMove,
      totalMs: this.limitMs,
      onStandings: request.onStandings,
    };
    const isNew = request.before === undefined;
    this.#reservation = await (isNew ? limited.reserve(generation) : limited.resume(generation));
    for (const warning of this.#reservation.warnings) this.result.warn(warning);
  }

  /**
   * Finds a target that takes the generation. Throws `GenerationFailed` if none does. `signal` ends only the wait for
   * a target.
   */
  async acquire(signal: AbortSignal): Promise<void> {
    const { dependencies, deployment } = this.#options;
    const release = deployment.lease();
    const cancelTimer = dependencies.clock.schedule(this.limitMs, () =>
      this.abort(totalTimeout(this.limitMs)),
    );
    const giveBack = (): void => {
      release();
      cancelTimer();
    };
    this.#giveBack = giveBack;
    const forward = (): void => this.abort(signal.reason);
    if (signal.aborted) forward();
    else signal.addEventListener("abort", forward);
    try {
      this.#call = this.#end.guard.call(this.#engineCall());
      this.#grant = await dependencies.engine.acquire(this.#call);
    } catch (error) {
      this.#stop();
      const failed = this.#end.fail(error);
      this.#reservation?.settle(usedAmounts(failed.failure.partial));
      throw failed;
    } finally {
      signal.removeEventListener("abort", forward);
    }
  }

  async run(delivery: Delivery): Promise<Outcome> {
    const { telemetry } = this.#options.dependencies;
    const { stream } = this.#options.request;
    this.#delivery = delivery;
    const failed = await this.#attempts().then(
      () => undefined,
      (error: unknown) => error ?? new GatewayError("internal", "nothing was thrown"),
    );
    const outcome = await this.#end.settle(failed, () => {
      const overheadMs = this.result.overheadMs();
      telemetry.recordCall({ stream, attempts: this.result.sent, overheadMs });
    });
    this.#stop();
    this.#settle(outcome);
    return outcome;
  }

  abort(error: GatewayError): void {
    this.#lifetime.abort(error);
  }

  /** Ends the generation and its provider calls with this error. */
  abortAtOnce(error: GatewayError): void {
    this.#lifetime.abort(error);
    this.#hurry.abort(error);
  }

  release(): void {
    this.#stop();
    this.#reservation?.release();
    this.#grant?.permit.end(undefined);
  }

  /** Another replica that goes on with the generation has the reservation too. */
  #settle(outcome: Outcome): void {
    if (this.#reservation === undefined) return;
    if (outcome.state === "failed" && isElsewhere(outcome.failure.error)) return;
    this.#reservation.settle(usedAmounts(generationOf(outcome)));
  }

  async #attempts(): Promise<void> {
    const [call, grant] = [this.#call, this.#grant];
    if (call === undefined || grant === undefined) throw new Error("no target has taken the run");
    await this.#options.dependencies.engine.run(call, grant);
  }

  /** A losing rival attempt has closed its connection by now. */
  #stop(): void {
    this.#giveBack();
    this.#options.onStop();
  }

  #skip(targets: readonly SkippedTarget[]): void {
    for (const { target, reason } of targets) {
      this.result.skip(target, new GatewayError("validation", reason));
    }
  }

  get #facts(): CallFacts {
    const { spec, caller, stream } = this.#options.request;
    const { generationId } = this.result;
    return { generationId, caller, labels: spec.labels, stream };
  }

  #attemptContext(): AttemptContext {
    const { dependencies, deployment, request, limited, usualOutput } = this.#options;
    const { telemetry, stats, counter, checks, clock, usage } = dependencies;
    return {
      telemetry,
      stats,
      counter,
      checks,
      clock,
      usage,
      limited,
      reserved: this.#reservation && { reservation: this.#reservation, usualOutput },
      callTelemetry: request.telemetry,
      provider: (instance) => deployment.provider(instance),
      timeouts: deployment.timeouts,
      facts: this.#facts,
      abort: { ...deployment.abort, ...request.spec.abort },
      onDefect: (error) => void this.#end.guard.take(error),
      lifetime: this.#lifetime.signal,
      hurry: this.#hurry.signal,
      result: this.result,
      stream: request.stream,
      waitsUntil: clock.now() + (request.readMs ?? this.limitMs),
      delivery: () => this.#delivery,
    };
  }

  #engineCall(): RunnableCall<RoutedTarget, ProviderEvent> {
    const { dependencies, request, route } = this.#options;
    const { clock, telemetry, engine, counter } = dependencies;
    const { spec, caller } = request;
    const { retry, hedge } = engine.states.settings;
    const context = this.#attemptContext();
    const { result } = this;
    return {
      targets: this.#goingOn(),
      policy: policyInForce(spec.retry, spec.routing, retry),
      caller,
      form: request.stream ? "streamed" : "whole",
      repairs: repairsOutput(request),
      trigger: request.before === undefined ? "initial" : "takeover",
      broken: request.before?.delivered === undefined ? undefined : ownerLost(),
      endsAt: clock.now() + this.limitMs,
      signal: this.#lifetime.signal,
      hedge: hedgePolicy(counter, spec, route.targets[0], hedge),
      begin: (plan) => new GenerationAttempt(context, plan),
      skip: (passed, error) => result.skip(nameOf(passed), error),
      decided: (decided) => telemetry.recordDecision(decided),
      recover: (next) => this.#notify(next),
      wait: (ms, decided) => telemetry.startBackoff(request.telemetry, { ms, ...decided }),
      unpaid: (next, trigger) => moneyObstacle(context, next, trigger),
      canContinue: (next) => textToContinue(result, next) !== undefined,
      requestMark: () => requestMark(caller, spec),
    };
  }

  /** All targets, or those that go on with what a lost owner has delivered. */
  #goingOn(): readonly RoutedTarget[] {
    const { targets } = this.#targets;
    if (this.#options.request.before?.delivered === undefined) return targets;
    return targets.filter((each) => textToContinue(this.result, each) !== undefined);
  }

  /** Notifies the reader of the attempt that follows a failed one. */
  #notify({ action, next, delayMs, discardOutput }: NextAttempt<RoutedTarget>): void {
    if (discardOutput) this.result.discard();
    const failed = this.result.lastEnded();
    if (failed === undefined) return;
    this.#delivery.notice({ failed, action, next: nameOf(next), delayMs, discardOutput });
  }
}
