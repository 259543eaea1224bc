import {
  type Context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Clock } from "../clock.ts";
import type { Decided } from "../domain/decided.ts";
import type { TargetName } from "../domain/generation.ts";
import { attemptAttributes, decisionAttributes, resultAttributes } from "./attempt-attributes.ts";
import { AttemptMetrics, type Labels } from "./attempt-metrics.ts";
import type { CallTelemetry } from "./call-telemetry.ts";
import { createStreamMetrics } from "./create-stream-metrics.ts";
import { counter, gauge, histogram } from "./instruments.ts";
import { createLimitMetrics } from "./limit-metrics.ts";
import type { LimitsTelemetry } from "./limits-telemetry.ts";
import { metric } from "./metrics.ts";
import { attribute, SCOPE } from "./names.ts";
import { createOutputMetrics } from "./output-metrics.ts";
import { type AttributesOf, span } from "./spans.ts";
import type { StreamTelemetry } from "./stream-telemetry.ts";
import type { AttemptInfo, AttemptTelemetry, Telemetry } from "./telemetry.ts";

/** The trace of a span; undefined: there are no spans here, and the call belongs to no trace. */
function traceOf(of: Span): string | undefined {
  const context = of.spanContext();
  return isSpanContextValid(context) ? context.traceId : undefined;
}

/** Spans and metrics over the OpenTelemetry API; an SDK must have been started. */
export class OtelTelemetry implements Telemetry {
  readonly #clock: Clock;
  readonly #labels: Labels;
  readonly #tracer = trace.getTracer(SCOPE);
  readonly #rpcDurations = histogram(metric.rpcDuration);
  readonly #decisions = counter(metric.retryDecisions);
  readonly #delays = histogram(metric.retryDelay);
  readonly #overheads = histogram(metric.overhead);
  readonly #attemptCounts = histogram(metric.attempts);
  readonly #lostUsage = counter(metric.usageDropped);
  readonly #output: ReturnType<typeof createOutputMetrics>;
  readonly #attempts: AttemptMetrics;
  readonly #contexts = new WeakMap<CallTelemetry, Context>();
  /** The last ended attempt of a call. Later spans of the call are linked to it. */
  readonly #latest = new WeakMap<CallTelemetry, SpanContext>();

  constructor(clock: Clock, labels: Labels) {
    this.#clock = clock;
    this.#labels = labels;
    this.#output = createOutputMetrics(labels.models);
    this.#attempts = new AttemptMetrics(labels, this.#output);
  }

  startCall(info: Parameters<Telemetry["startCall"]>[0]): CallTelemetry {
    const startedAt = this.#clock.now();
    const shared = { [attribute.rpcSystem]: info.system, [attribute.rpcMethod]: info.method };
    const parent = propagation.extract(ROOT_CONTEXT, info, {
      get: (carrier, key) => carrier.header(key),
      keys: () => ["traceparent", "tracestate", "baggage"],
    });
    const options = { kind: SpanKind.SERVER, attributes: shared };
    const running = this.#tracer.startSpan(info.method, options, parent);
    const call: CallTelemetry = {
      traceId: traceOf(running),
      end: ({ code, reason, caller }) => {
        const outcome = {
          [attribute.rpcStatus]: code,
          ...(reason !== undefined && { [attribute.errorType]: reason }),
        };
        running.setAttributes(outcome);
        if (code !== "OK") running.setStatus({ code: SpanStatusCode.ERROR });
        running.end();
        const seconds = (this.#clock.now() - startedAt) / 1000;
        const labels = { ...shared, ...outcome, ...this.#labels.callers.of(caller) };
        this.#rpcDurations.record(seconds, labels);
      },
    };
    this.#contexts.set(call, trace.setSpan(parent, running));
    return call;
  }

  startAttempt(call: CallTelemetry, info: AttemptInfo): AttemptTelemetry {
    const shared = attemptAttributes(info);
    const parent = this.#contextOf(call);
    const attributes: AttributesOf<typeof span.attempt> = {
      ...shared,
      [attribute.model]: info.model,
      [attribute.requestStream]: info.stream,
      [attribute.attemptIndex]: info.index,
      [attribute.attemptTrigger]: info.trigger,
      ...(info.maxOutputTokens !== undefined && {
        [attribute.requestMaxTokens]: info.maxOutputTokens,
      }),
    };
    const { name } = info.operation === "chat" ? span.attempt : span.count;
    const running = this.#tracer.startSpan(
      `${name}${this.#labels.models.of(info, info.providerModel)}`,
      { kind: SpanKind.CLIENT, links: this.#linksOf(call), attributes },
      parent,
    );
    const headers: Record<string, string> = {};
    propagation.inject(trace.setSpan(parent, running), headers);
    return {
      headers,
      end: (result) => {
        this.#latest.set(call, running.spanContext());
        running.setAttributes(resultAttributes(result));
        if (result.errorKind !== undefined) running.setStatus({ code: SpanStatusCode.ERROR });
        running.end();
        this.#attempts.record(info, shared, result);
      },
    };
  }

  startBackoff(call: CallTelemetry, info: Decided & { readonly ms: number }): () => void {
    const attributes: AttributesOf<typeof span.backoff> = {
      ...decisionAttributes(info),
      [attribute.delay]: info.ms / 1000,
    };
    const options = { links: this.#linksOf(call), attributes };
    const running = this.#tracer.startSpan(span.backoff.name, options, this.#contextOf(call));
    this.#delays.record(info.ms / 1000, { [attribute.instance]: info.target.provider });
    return () => running.end();
  }

  recordDecision(info: Decided): void {
    this.#decisions.add(1, decisionAttributes(info));
  }

  recordEstimate(target: TargetName, estimator: string): void {
    this.#output.recordEstimate(target, estimator);
  }

  recordEstimateError(target: TargetName, error: number): void {
    this.#output.recordEstimateError(target, error);
  }

  recordLostUsage(): void {
    this.#lostUsage.add(1);
  }

  observeLedger(lagMs: () => number): void {
    gauge(metric.ledgerLag).addCallback((result) => result.observe(lagMs() / 1000));
  }

  limits(): LimitsTelemetry {
    return createLimitMetrics();
  }

  streams(store: string, held?: () => number): StreamTelemetry {
    const startTakeover: StreamTelemetry["startTakeover"] = ({ epoch }) => {
      const attributes: AttributesOf<typeof span.takeover> = { [attribute.epoch]: epoch };
      const running = this.#tracer.startSpan(span.takeover.name, { attributes });
      const call: CallTelemetry = {
        traceId: traceOf(running),
        end({ code, reason }) {
          if (reason !== undefined) running.setAttribute(attribute.errorType, reason);
          if (code !== "OK") running.setStatus({ code: SpanStatusCode.ERROR });
          running.end();
        },
      };
      this.#contexts.set(call, trace.setSpan(ROOT_CONTEXT, running));
      return call;
    };
    return { ...createStreamMetrics(store, held), startTakeover };
  }

  recordCall({ stream, attempts, overheadMs }: Parameters<Telemetry["recordCall"]>[0]): void {
    this.#overheads.record(overheadMs / 1000, { [attribute.stream]: stream });
    this.#attemptCounts.record(attempts, { [attribute.stream]: stream });
  }

  #contextOf(call: CallTelemetry): Context {
    return this.#contexts.get(call) ?? ROOT_CONTEXT;
  }

  #linksOf(call: CallTelemetry): Link[] {
    const context = this.#latest.get(call);
    return context === undefined ? [] : [{ context }];
  }
}
