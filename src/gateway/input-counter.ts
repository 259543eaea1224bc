// Counting the input of a request that is not run.

import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { InputCount, InputCountCall } from "../ports/gateway.ts";
import type { Provider } from "../providers/provider.ts";
import { type DefaultTimeouts, totalLimitMs } from "../reliability/attempt-limits.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import { requestText } from "../usage/counted-text.ts";
import type { TokenCounter } from "../usage/token-counter.ts";

export interface InputCounterDependencies {
  readonly clock: Clock;
  readonly counter: TokenCounter;
  readonly deployment: () => {
    firstTarget(spec: GenerationSpec): RoutedTarget;
    isAvailable(model: Model): boolean;
    provider(instanceId: string): Provider;
    /** Keeps its providers open until the returned function is called. */
    lease(): () => void;
    readonly timeouts: DefaultTimeouts;
  };
}

/** Longest wait for a count where something else would do. */
const MAX_WAIT_MS = 10_000;

function notOffered({ provider, id }: Model): GatewayError {
  const message = `${provider}/${id} has no counter of its own; the method ESTIMATE has`;
  return new GatewayError("validation", message, {
    reason: "PROVIDER_COUNT_UNAVAILABLE",
    metadata: { provider, model: id },
  });
}

export function createInputCounter(dependencies: InputCounterDependencies) {
  const { clock, counter } = dependencies;

  async function askProvider(
    provider: Provider,
    target: RoutedTarget,
    call: InputCountCall,
    limitMs: number,
    connectTimeoutMs: number,
  ): Promise<number> {
    const { model, spec, effort, options } = target;
    if (provider.countInput === undefined) throw notOffered(model);
    const late = new AbortController();
    const cancel = clock.schedule(limitMs, () => {
      const message = `the provider did not count within ${Math.round(limitMs)} ms`;
      late.abort(new GatewayError("total-timeout", message));
    });
    const signal = AbortSignal.any([call.signal, late.signal]);
    try {
      return await provider.countInput(
        {
          spec,
          model,
          effort,
          stream: false,
          options,
          attempt: 1,
          continues: false,
          connectTimeoutMs:
            spec.timeouts.connectMs ?? model.timeouts?.connectMs ?? connectTimeoutMs,
          usageWaitMs: 0,
          headers: {},
        },
        signal,
      );
    } catch (error) {
      throw toGatewayError(late.signal.aborted ? late.signal.reason : error);
    } finally {
      cancel();
    }
  }

  /** Input tokens of a request at the target it would go to, overhead included. */
  return async function countInput(call: InputCountCall): Promise<InputCount> {
    const deployment = dependencies.deployment();
    const target = deployment.firstTarget(call.spec);
    const { model } = target;
    const { timeouts } = deployment;
    const limitMs = totalLimitMs(target.spec.timeouts, timeouts, call.timeoutMs);
    const isThere = deployment.isAvailable(model);
    const provider = isThere ? deployment.provider(model.provider) : undefined;
    provider?.checkOptions?.(target.options);
    if (call.method === "provider" && provider?.countInput === undefined) throw notOffered(model);
    if (call.method !== "estimate" && provider?.countInput !== undefined) {
      const isOnly = call.method === "provider";
      const waitMs = isOnly ? limitMs : Math.min(limitMs / 2, MAX_WAIT_MS);
      const release = deployment.lease();
      try {
        const tokens = await askProvider(provider, target, call, waitMs, timeouts.connectMs);
        return { model, tokens, estimate: undefined };
      } catch (error) {
        if (isOnly || call.signal.aborted) throw error;
      } finally {
        release();
      }
    }
    const waitMs = Math.min(limitMs / 2, MAX_WAIT_MS);
    const estimate = await counter.count(model, requestText(target.spec), waitMs);
    return { model, tokens: estimate.tokens, estimate };
  };
}
