// The journey of a call: route → attempt → events → result. Everything else in
// src/ is a step of it, and this file is where the steps meet.
import type { Clock } from "./clock.ts";
import { GatewayError } from "./domain/gateway-error.ts";
import {
  type Generation,
  GenerationFailed,
  type StreamEvent,
  type TargetName,
  type Warning,
} from "./domain/generation.ts";
import type { GenerationSpec } from "./domain/generation-spec.ts";
import type { JsonObject } from "./domain/json.ts";
import type { Model } from "./domain/model.ts";
import type { ProviderEvent } from "./domain/provider-event.ts";
import type { StreamOptions } from "./domain/stream-options.ts";
import { createGenerationResult, type GenerationResult } from "./output/generation-result.ts";
import { createStreamEvents, type StreamEvents } from "./output/stream-events.ts";
import type { Provider, ProviderRequest } from "./providers/provider.ts";
import { runAttempt, toGatewayError } from "./reliability/attempts.ts";
import { attemptLimits, type DefaultTimeouts, totalLimitMs } from "./reliability/limits.ts";
import type { ProviderStats } from "./reliability/provider-stats.ts";
import { LiveStream } from "./streams/live-stream.ts";
import type { AttemptResult, CallTelemetry, Telemetry } from "./telemetry/telemetry.ts";
import { createUsageMeter } from "./usage/usage-meter.ts";

/** A target with the request as it will be sent there. */
export interface FittedTarget {
  readonly model: Model;
  readonly spec: GenerationSpec;
  /** `reasoning.effort` in the provider's own word. */
  readonly effort: string | undefined;
  readonly options: JsonObject;
  readonly warnings: readonly Warning[];
}

/** Targets in the order in which they are tried, and those that cannot serve the request. */
export interface Route {
  readonly targets: readonly FittedTarget[];
  readonly skipped: readonly {
    readonly target: TargetName;
    readonly reason: string;
  }[];
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
   * Throws `GatewayError` before admission. Afterwards everything is an event:
   * `start` first, `complete` or `error` last. Leaving the loop cancels.
   */
  streamGenerate(call: GenerationCall, options: StreamOptions): AsyncIterable<StreamEvent>;
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

function attemptReport(result: GenerationResult): AttemptResult {
  const outcome = result.outcome();
  const failed = outcome.state === "failed";
  const { usage, finishReason, providerModel, providerResponseId } = failed
    ? outcome.failure.partial
    : outcome.generation;
  const { attemptMs, firstTokenMs, perChunkMs } = result.durations();
  return {
    durationMs: attemptMs,
    providerModel,
    providerResponseId,
    ...(failed && { errorKind: outcome.failure.error.kind }),
    ...(finishReason !== undefined && { finishReason }),
    ...(usage !== undefined && { usage }),
    ...(firstTokenMs !== undefined && { timeToFirstTokenMs: firstTokenMs }),
    ...(perChunkMs !== undefined && { timePerChunkMs: perChunkMs }),
  };
}

/** A generation that has passed admission: its target is chosen, nothing is sent yet. */
interface Admission {
  readonly result: GenerationResult;
  /** Sends the request and hands every event on; `result` says how it ended. Never throws. */
  run(deliver: (event: ProviderEvent) => Promise<void> | undefined): Promise<void>;
  cancel(): void;
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, telemetry, stats, newId } = dependencies;
  const running = new Set<AbortController>();

  function admit(call: GenerationCall, stream: boolean): Admission {
    const deployment = dependencies.deployment();
    const { timeouts } = call.spec;
    const limitMs = totalLimitMs(timeouts, deployment.timeouts, call.timeoutMs);
    if (limitMs <= 0) {
      throw new GatewayError("total-timeout", "the deadline had passed when the call arrived");
    }
    const route = deployment.route(call.spec);
    const [target] = route.targets;
    if (target === undefined) throw new GatewayError("internal", "no target was chosen");
    const { model } = target;
    const provider = deployment.provider(model.provider);
    provider.checkOptions?.(target.options);
    const result = createGenerationResult({
      generationId: newId(),
      requestedModel: call.spec.model,
      target,
      skipped: route.skipped,
      clock,
      meter: createUsageMeter(model.providerType, target.spec),
    });

    const lifetime = new AbortController();
    running.add(lifetime);
    const cancel = (): void => lifetime.abort(cancelled());
    const cancelTimer = clock.schedule(limitMs, () => lifetime.abort(totalTimeout(limitMs)));
    if (call.signal.aborted) cancel();
    else call.signal.addEventListener("abort", cancel, { once: true });

    return {
      result,
      cancel,
      async run(deliver) {
        const attempt = telemetry.startAttempt(call.telemetry, {
          provider: model.provider,
          providerType: model.providerType,
          model: model.id,
          providerModel: model.providerModel,
          stream,
          index: result.attemptIndex,
          maxOutputTokens: target.spec.sampling.maxOutputTokens,
        });
        result.begin();
        stats.started(model.provider);
        try {
          const request: ProviderRequest = {
            spec: target.spec,
            model,
            effort: target.effort,
            stream,
            options: target.options,
            attempt: 1,
            connectTimeoutMs: timeouts.connectMs ?? deployment.timeouts.connectMs,
            headers: attempt.headers,
          };
          await runAttempt({
            clock,
            signal: lifetime.signal,
            limits: attemptLimits(timeouts, deployment.timeouts, {
              reasons: model.capabilities.has("reasoning"),
              stream,
            }),
            open: (signal) => provider.generate(request, signal),
            onEvent: (event, now, content) => {
              result.observe(event, now, content);
              return deliver(event);
            },
          });
          result.succeed();
        } catch (error) {
          result.fail(toGatewayError(error));
        } finally {
          running.delete(lifetime);
          cancelTimer();
          call.signal.removeEventListener("abort", cancel);
        }
        const report = attemptReport(result);
        stats.ended(model.provider, report.errorKind);
        attempt.end(report);
        const { totalMs, attemptMs } = result.durations();
        telemetry.recordOverhead(totalMs - attemptMs, { stream });
      },
    };
  }

  /** Feeds a stream from `start` to its terminal event. Never throws. */
  async function produce(
    admission: Admission,
    events: StreamEvents,
    stream: LiveStream<StreamEvent>,
  ): Promise<void> {
    void stream.append(events.start());
    await admission.run((event) => {
      let wait: Promise<void> | undefined;
      for (const numbered of events.of(event)) wait = stream.append(numbered);
      return wait;
    });
    for (const last of events.ending(admission.result.outcome())) void stream.append(last);
    stream.end();
  }

  return {
    async generate(call) {
      const admission = admit(call, false);
      await admission.run(() => undefined);
      const outcome = admission.result.outcome();
      if (outcome.state === "failed") throw new GenerationFailed(outcome.failure);
      return outcome.generation;
    },

    streamGenerate(call, options) {
      const admission = admit(call, true);
      const stream = new LiveStream<StreamEvent>();
      const { result } = admission;
      const events = createStreamEvents({
        options,
        clock,
        streamId: `e.${newId()}`,
        result,
      });
      const production = produce(admission, events, stream);
      return stream.follow({
        clock,
        heartbeatMs: options.heartbeatMs,
        heartbeat: events.heartbeat,
        signal: call.signal,
        onLeave: async () => {
          admission.cancel();
          await production;
        },
      });
    },

    endAll(error) {
      for (const lifetime of running) lifetime.abort(error);
    },
  };
}
