// The journey of a call: route → admit → attempts → events → result. Everything
// else in src/ is a step of it, and this file is where the steps meet.
import {
  type AttemptContext,
  type Delivery,
  type FittedTarget,
  NO_DELIVERY,
  startAttempt,
  textToContinue,
} from "./attempt-run.ts";
import type { Clock } from "./clock.ts";
import { GatewayError } from "./domain/gateway-error.ts";
import {
  type Generation,
  GenerationFailed,
  type StreamEvent,
  type TargetName,
} from "./domain/generation.ts";
import type { GenerationSpec } from "./domain/generation-spec.ts";
import type { StreamOptions } from "./domain/stream-options.ts";
import { GenerationResult } from "./output/generation-result.ts";
import { createStreamEvents, type StreamEvents } from "./output/stream-events.ts";
import type { Provider } from "./providers/provider.ts";
import type { ReliabilityEngine } from "./reliability/attempts.ts";
import { type EngineCall, nameOf } from "./reliability/engine-call.ts";
import { type DefaultTimeouts, totalLimitMs } from "./reliability/limits.ts";
import type { ProviderStats } from "./reliability/provider-stats.ts";
import { policyInForce } from "./reliability/retry-policy.ts";
import { toGatewayError } from "./reliability/run-attempt.ts";
import { LiveStream } from "./streams/live-stream.ts";
import type { CallTelemetry, Telemetry } from "./telemetry/telemetry.ts";
import { estimateInput } from "./usage/estimator.ts";

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
}

export interface GatewayDependencies {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly deployment: () => Deployment;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  /** Random identifier of 128 bits or more. */
  readonly newId: () => string;
}

export interface GenerationCall {
  readonly spec: GenerationSpec;
  /** Aborted when the caller is gone or has cancelled. */
  readonly signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly telemetry: CallTelemetry;
}

export interface Gateway {
  /** Throws `GatewayError` before admission, `GenerationFailed` after it. */
  generate(call: GenerationCall): Promise<Generation>;
  /**
   * Rejects before anything is sent: `GatewayError`, or `GenerationFailed` where
   * no target took the call. Afterwards everything is an event: `start` first,
   * `complete` or `error` last. Leaving the loop cancels.
   */
  streamGenerate(call: GenerationCall, options: StreamOptions): Promise<AsyncIterable<StreamEvent>>;
  /** Ends every generation that runs with this error. */
  endAll(error: GatewayError): void;
}

function cancelled(): GatewayError {
  return new GatewayError("cancelled", "the caller cancelled the call or its connection was lost");
}

function totalTimeout(limitMs: number): GatewayError {
  const message = `the generation took longer than ${Math.round(limitMs)} ms`;
  return new GatewayError("total-timeout", message);
}

/** A generation that has passed admission: a target has taken it, nothing is sent yet. */
interface Admitted {
  readonly result: GenerationResult;
  readonly target: TargetName;
  /** Runs the attempts and hands their events on; `result` says how it ended. Never throws. */
  run(delivery: Delivery): Promise<void>;
  cancel(): void;
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, telemetry, stats, engine, newId } = dependencies;
  const running = new Set<AbortController>();

  /** The signal of a call's whole life, and what ends its watch. */
  function startLifetime(call: GenerationCall, limitMs: number) {
    const lifetime = new AbortController();
    running.add(lifetime);
    const cancel = (): void => lifetime.abort(cancelled());
    const cancelTimer = clock.schedule(limitMs, () => lifetime.abort(totalTimeout(limitMs)));
    if (call.signal.aborted) cancel();
    else call.signal.addEventListener("abort", cancel, { once: true });
    const stop = (): void => {
      running.delete(lifetime);
      cancelTimer();
      call.signal.removeEventListener("abort", cancel);
    };
    return { signal: lifetime.signal, cancel, stop };
  }

  /** A rival attempt is allowed: the request asks for it and is small enough to be sent twice. */
  function hedgeOf(spec: GenerationSpec, [target]: Route["targets"]) {
    const { hedge } = spec.routing;
    if (hedge === undefined || spec.tools.some(({ type }) => type === "provider")) return undefined;
    const { tokens } = estimateInput(target.model.providerType, spec);
    if (tokens > engine.states.settings.hedge.maxInputTokens) return undefined;
    return { delayMs: hedge.delayMs };
  }

  async function admit(call: GenerationCall, stream: boolean): Promise<Admitted> {
    const deployment = dependencies.deployment();
    const { spec } = call;
    const limitMs = totalLimitMs(spec.timeouts, deployment.timeouts, call.timeoutMs);
    if (limitMs <= 0) {
      throw new GatewayError("total-timeout", "the deadline had passed when the call arrived");
    }
    const { targets, skipped, unfit } = deployment.route(spec);
    for (const { model, options } of targets) {
      deployment.provider(model.provider).checkOptions?.(options);
    }
    const target = nameOf(targets[0]);
    const { providerModel } = targets[0].model;
    const result = new GenerationResult({
      generationId: newId(),
      requestedModel: spec.model,
      target: { ...target, providerModel },
      clock,
    });
    const skip = (misfit: Misfit): void =>
      result.skip(misfit.target, new GatewayError("validation", misfit.reason));
    skipped.forEach(skip);

    let delivery = NO_DELIVERY;
    const context: AttemptContext = {
      telemetry,
      callTelemetry: call.telemetry,
      stats,
      provider: (instance) => deployment.provider(instance),
      timeouts: deployment.timeouts,
      result,
      stream,
      hasDeadline: call.timeoutMs !== undefined,
      delivery: () => delivery,
    };
    const { signal, cancel, stop } = startLifetime(call, limitMs);
    const engineCall: EngineCall<FittedTarget> = {
      targets,
      policy: policyInForce(spec.retry, spec.routing, engine.states.settings.retry),
      stream,
      endsAt: clock.now() + limitMs,
      signal,
      hedge: hedgeOf(spec, targets),
      begin: (plan) => startAttempt(context, plan),
      skip: (passed, error) => result.skip(nameOf(passed), error),
      decided: (decided) => telemetry.recordDecision(decided),
      recover({ action, next, delayMs, discardOutput }) {
        if (discardOutput) result.discard();
        const failed = result.lastEnded();
        if (failed === undefined) return;
        delivery.notice({ failed, action, next: nameOf(next), delayMs, discardOutput });
      },
      wait: (ms, decided) => telemetry.startBackoff(call.telemetry, { ms, ...decided }),
      canContinue: (next) => textToContinue(result, next) !== undefined,
    };

    function fail(error: unknown): void {
      unfit.forEach(skip);
      result.fail(toGatewayError(error));
    }

    try {
      const grant = await engine.admit(engineCall);
      return {
        result,
        target,
        cancel,
        async run(deliverTo) {
          delivery = deliverTo;
          try {
            await engine.run(engineCall, grant);
            result.succeed();
          } catch (error) {
            fail(error);
          } finally {
            stop();
          }
          telemetry.recordCall({ stream, attempts: result.sent, overheadMs: result.overheadMs() });
        },
      };
    } catch (error) {
      stop();
      fail(error);
      const outcome = result.outcome();
      throw outcome.state === "failed" ? new GenerationFailed(outcome.failure) : error;
    }
  }

  /** Feeds a stream from `start` to its terminal event. Never throws. */
  async function produce(
    admitted: Admitted,
    events: StreamEvents,
    stream: LiveStream<StreamEvent>,
  ): Promise<void> {
    const { result } = admitted;
    void stream.append(events.start());
    await admitted.run({
      commits: events.commits,
      deliver(event, record) {
        let wait: Promise<void> | undefined;
        for (const numbered of events.of(event, record)) wait = stream.append(numbered);
        return wait;
      },
      notice: (notice) => void stream.append(events.notice(notice)),
    });
    for (const last of events.ending(result.outcome(), result.sentIndex)) void stream.append(last);
    stream.end();
  }

  return {
    async generate(call) {
      const { result, run } = await admit(call, false);
      await run(NO_DELIVERY);
      const outcome = result.outcome();
      if (outcome.state === "failed") throw new GenerationFailed(outcome.failure);
      return outcome.generation;
    },

    async streamGenerate(call, options) {
      const admitted = await admit(call, true);
      const { result, target } = admitted;
      const stream = new LiveStream<StreamEvent>();
      const streamId = `e.${newId()}`;
      const events = createStreamEvents({ options, clock, streamId, result, target });
      const production = produce(admitted, events, stream);
      return stream.follow({
        clock,
        heartbeatMs: options.heartbeatMs,
        heartbeat: events.heartbeat,
        signal: call.signal,
        onLeave: async () => {
          admitted.cancel();
          await production;
        },
      });
    },

    endAll(error) {
      for (const lifetime of running) lifetime.abort(error);
    },
  };
}
