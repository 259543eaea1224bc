import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { CallLimits, CallReservation } from "../ports/call-limits.ts";
import type { InputCount, InputCountCall } from "../ports/gateway.ts";
import type { Provider } from "../providers/provider.ts";
import { type DefaultTimeouts, totalLimitMs } from "../reliability/attempt-limits.ts";
import type { RunnableCall } from "../reliability/engine-call.ts";
import { policyInForce } from "../reliability/policy-in-force.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { ReliabilityEngine } from "../reliability/reliability-engine.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { requestText } from "../usage/counted-text.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import { CountAttempt, type CountAttemptContext } from "./count-attempt.ts";
import { requestMark } from "./request-mark.ts";

export interface CountDeployment {
  firstTarget(spec: GenerationSpec, caller: string): RoutedTarget;
  isAvailable(model: Model): boolean;
  provider(instanceId: string): Provider;
  /** Keeps the providers open until the returned function is called. */
  lease(): () => void;
  readonly timeouts: DefaultTimeouts;
}

export interface InputCounterDependencies {
  readonly clock: Clock;
  readonly counter: TokenCounter;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  readonly telemetry: Telemetry;
  readonly deployment: () => CountDeployment;
  /** A count that a provider is asked for is one of the requests of its caller. */
  readonly limits: CallLimits;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
}

/** A count requested from a provider. */
interface ProviderCount {
  readonly call: InputCountCall;
  readonly target: RoutedTarget;
  readonly count: NonNullable<Provider["countInput"]>;
  readonly timeouts: DefaultTimeouts;
  /** Longest duration of all its attempts and waits, in milliseconds. */
  readonly limitMs: number;
}

/** Longest wait for a count, in milliseconds, if an estimate can take its place. */
const MAX_WAIT_MS = 10_000;

/** Tokens that are counted are not used. */
const NOTHING = { tokens: 0, picos: 0 };

function notOffered({ provider, id }: Model): GatewayError {
  const message = `${provider}/${id} has no counter of its own; use the method ESTIMATE`;
  return new GatewayError("validation", message, {
    reason: "PROVIDER_COUNT_UNAVAILABLE",
    metadata: { provider, model: id },
  });
}

/** Counts the input of requests without running them. */
export class InputCounter {
  readonly #dependencies: InputCounterDependencies;

  constructor(dependencies: InputCounterDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Input tokens of a request at its first target, overhead included. Throws `GatewayError` if only the provider's
   * count was requested and failed, or if the caller has left.
   */
  async count(call: InputCountCall): Promise<InputCount> {
    const deployment = this.#dependencies.deployment();
    const target = deployment.firstTarget(call.spec, call.caller);
    const { model } = target;
    const { timeouts } = deployment;
    const limitMs = totalLimitMs(target.spec.timeouts, timeouts, call.timeoutMs);
    const shortMs = Math.min(limitMs / 2, MAX_WAIT_MS);
    const provider = deployment.isAvailable(model)
      ? deployment.provider(model.provider)
      : undefined;
    provider?.checkOptions?.(target.options);
    const count = provider?.countInput?.bind(provider);
    const isOnly = call.method === "provider";
    if (isOnly && count === undefined) throw notOffered(model);
    if (call.method !== "estimate" && count !== undefined) {
      const release = deployment.lease();
      const asked = { call, target, count, timeouts, limitMs: isOnly ? limitMs : shortMs };
      let reservation: CallReservation | undefined;
      try {
        reservation = await this.#reserve(asked);
        return { model, tokens: await this.#ask(asked), estimate: undefined };
      } catch (error) {
        const isExpected = error instanceof GatewayError;
        if (isOnly || call.signal.aborted || !isExpected) throw error;
      } finally {
        reservation?.settle(NOTHING);
        release();
      }
    }
    const text = requestText(target.spec);
    const estimate = await this.#dependencies.counter.count(model, text, shortMs);
    return { model, tokens: estimate.tokens, estimate };
  }

  /** Undefined: the caller has no limits. Rejects with CALLER_LIMIT. */
  async #reserve({ call, target, limitMs }: ProviderCount): Promise<CallReservation | undefined> {
    const { limits, newId } = this.#dependencies;
    return limits.of(call.caller)?.reserve({
      generationId: newId(),
      isRequestOnly: true,
      model: target.model,
      need: NOTHING,
      canMove: false,
      totalMs: limitMs,
      onStandings: undefined,
    });
  }

  /** The provider's count, obtained by attempts of the engine. */
  async #ask(asked: ProviderCount): Promise<number> {
    const { clock, engine } = this.#dependencies;
    const { call, limitMs } = asked;
    const lifetime = new AbortController();
    const cancel = clock.schedule(limitMs, () => {
      const message = `the provider did not count within ${Math.round(limitMs)} ms`;
      lifetime.abort(new GatewayError("total-timeout", message));
    });
    const signal = AbortSignal.any([call.signal, lifetime.signal]);
    let tokens: number | undefined;
    const runnable = this.#engineCall(asked, signal, (counted) => {
      tokens = counted;
    });
    try {
      await engine.run(runnable, await engine.acquire(runnable));
    } finally {
      cancel();
    }
    if (tokens === undefined) throw new GatewayError("internal", "no count has come");
    return tokens;
  }

  #engineCall(
    { call, target, count, timeouts, limitMs }: ProviderCount,
    signal: AbortSignal,
    onCount: (tokens: number) => void,
  ): RunnableCall<RoutedTarget, number> {
    const { clock, engine, telemetry } = this.#dependencies;
    const { spec } = target;
    const { caller, telemetry: callTelemetry } = call;
    const attempted = { callTelemetry, caller, count, timeouts, onCount };
    const context: CountAttemptContext = { ...this.#dependencies, ...attempted };
    return {
      targets: [target],
      policy: policyInForce(spec.retry, spec.routing, engine.states.settings.retry),
      caller: call.caller,
      form: "counted",
      repairs: false,
      trigger: "initial",
      broken: undefined,
      endsAt: clock.now() + limitMs,
      signal,
      hedge: undefined,
      begin: (plan) => new CountAttempt(context, plan),
      skip: () => {},
      decided: (decided) => telemetry.recordDecision(decided),
      recover: () => {},
      wait: (ms, decided) => telemetry.startBackoff(call.telemetry, { ms, ...decided }),
      unpaid: () => undefined,
      canContinue: () => false,
      requestMark: () => `count ${requestMark(call.caller, spec)}`,
    };
  }
}
