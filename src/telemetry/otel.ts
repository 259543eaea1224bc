import {
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Clock } from "../clock.ts";
import type { Decided } from "../domain/decided.ts";
import type { CallTelemetry } from "./call-telemetry.ts";
import { counter, histogram } from "./instruments.ts";
import { metric } from "./metrics.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute, SCOPE, VENDORS } from "./names.ts";
import { createJsonMetrics } from "./otel-json.ts";
import { createOutputMetrics } from "./otel-output.ts";
import { createStreamMetrics } from "./otel-streams.ts";
import { type AttributesOf, span } from "./spans.ts";
import type { AttemptInfo, AttemptResult, Telemetry } from "./telemetry.ts";

/** Costs are trillionths, and metrics whole units. */
const PICOS_PER_UNIT = 1e12;

/** Attributes that an attempt's span and its metrics share: few values each, but for unlisted models. */
function attemptAttributes(info: AttemptInfo) {
  return {
    [attribute.operation]: "chat",
    [attribute.provider]: VENDORS[info.providerType] ?? info.providerType,
    [attribute.instance]: info.provider,
    [attribute.requestModel]: info.providerModel,
  };
}

function decisionAttributes(info: Decided) {
  return {
    [attribute.instance]: info.target.provider,
    [attribute.category]: info.kind,
    [attribute.decision]: info.retried ? "retry" : "fail",
    [attribute.decisionReason]: info.reason,
  };
}

function resultAttributes(result: AttemptResult): AttributesOf<typeof span.attempt> {
  const { usage, cost, json } = result;
  return {
    [attribute.attemptOutcome]: result.outcome,
    ...(result.errorKind !== undefined && { [attribute.errorType]: result.errorKind }),
    ...(result.providerModel !== undefined && { [attribute.responseModel]: result.providerModel }),
    ...(result.providerResponseId && { [attribute.responseId]: result.providerResponseId }),
    ...(result.finishReason !== undefined && { [attribute.finishReasons]: [result.finishReason] }),
    ...(result.timeToFirstTokenMs !== undefined && {
      [attribute.timeToFirstChunk]: result.timeToFirstTokenMs / 1000,
    }),
    ...(json !== undefined && {
      [attribute.jsonDocuments]: json.documents,
      [attribute.jsonChanges]: json.changes,
      [attribute.jsonUnits]: json.units,
      [attribute.jsonMalformed]: json.malformed,
    }),
    ...(usage !== undefined && {
      [attribute.inputTokens]: usage.inputTokens,
      [attribute.outputTokens]: usage.outputTokens,
    }),
    ...(cost !== undefined && {
      [attribute.costPicos]: cost.totalPicos,
      [attribute.currency]: cost.currency,
    }),
    ...(usage?.cacheReadTokens !== undefined && {
      [attribute.cacheReadTokens]: usage.cacheReadTokens,
    }),
    ...(usage?.cacheWriteTokens !== undefined && {
      [attribute.cacheWriteTokens]: usage.cacheWriteTokens,
    }),
  };
}

/** Spans and metrics over the OpenTelemetry API; an SDK must have been started. */
export function createOtelTelemetry(clock: Clock, labels: ModelLabels): Telemetry {
  const tracer = trace.getTracer(SCOPE);
  const rpcDuration = histogram(metric.rpcDuration);
  const operation = histogram(metric.operationDuration);
  const tokens = histogram(metric.tokenUsage);
  const spent = counter(metric.cost);
  const lostUsage = counter(metric.usageDropped);
  const firstChunk = histogram(metric.timeToFirstChunk);
  const perChunk = histogram(metric.timePerOutputChunk);
  const output = createOutputMetrics(labels);
  const overhead = histogram(metric.overhead);
  const decisions = counter(metric.retryDecisions);
  const recordJson = createJsonMetrics();
  const delays = histogram(metric.retryDelay);
  const attempts = histogram(metric.attempts);
  const contexts = new WeakMap<CallTelemetry, Context>();
  /** The attempt that ended last in a call: what follows is linked to it. */
  const latest = new WeakMap<CallTelemetry, SpanContext>();

  function linksOf(call: CallTelemetry): Link[] {
    const context = latest.get(call);
    return context === undefined ? [] : [{ context }];
  }

  function measureAttempt(
    info: AttemptInfo,
    own: ReturnType<typeof attemptAttributes>,
    result: AttemptResult,
  ): void {
    if (result.outcome === "succeeded") labels.answered(info);
    const shared = { ...own, [attribute.requestModel]: labels.of(info, info.providerModel) };
    const failed =
      result.errorKind === undefined ? {} : { [attribute.errorType]: result.errorKind };
    const all = { ...shared, ...failed };
    operation.record(result.durationMs / 1000, all);
    if (result.usage !== undefined) {
      const { inputTokens, outputTokens } = result.usage;
      tokens.record(inputTokens, { ...shared, [attribute.tokenType]: "input" });
      tokens.record(outputTokens, { ...shared, [attribute.tokenType]: "output" });
    }
    if (result.cost !== undefined) {
      const { currency, totalPicos, source } = result.cost;
      const priced = { [attribute.currency]: currency, [attribute.costSource]: source };
      spent.add(totalPicos / PICOS_PER_UNIT, { ...shared, ...priced });
    }
    recordJson(result, shared);
    if (!info.stream) return;
    if (result.timeToFirstTokenMs !== undefined) {
      firstChunk.record(result.timeToFirstTokenMs / 1000, all);
    }
    const rhythm = result.rhythm?.();
    if (rhythm !== undefined) output.recordRhythm(all, rhythm);
    if (result.timePerChunkMs !== undefined) perChunk.record(result.timePerChunkMs / 1000, all);
  }

  return {
    startCall(info) {
      const startedAt = clock.now();
      const shared = { [attribute.rpcSystem]: info.system, [attribute.rpcMethod]: info.method };
      const parent = propagation.extract(ROOT_CONTEXT, info, {
        get: (carrier, key) => carrier.header(key),
        keys: () => ["traceparent", "tracestate", "baggage"],
      });
      const running = tracer.startSpan(
        info.method,
        { kind: SpanKind.SERVER, attributes: shared },
        parent,
      );
      const call: CallTelemetry = {
        traceId: running.spanContext().traceId,
        end({ code, reason }) {
          const outcome = {
            [attribute.rpcStatus]: code,
            ...(reason !== undefined && { [attribute.errorType]: reason }),
          };
          running.setAttributes(outcome);
          if (code !== "OK") running.setStatus({ code: SpanStatusCode.ERROR });
          running.end();
          rpcDuration.record((clock.now() - startedAt) / 1000, { ...shared, ...outcome });
        },
      };
      contexts.set(call, trace.setSpan(parent, running));
      return call;
    },

    startAttempt(call, info) {
      const shared = attemptAttributes(info);
      const parent = contexts.get(call) ?? ROOT_CONTEXT;
      const started: AttributesOf<typeof span.attempt> = {
        ...shared,
        [attribute.model]: info.model,
        [attribute.requestStream]: info.stream,
        [attribute.attemptIndex]: info.index,
        [attribute.attemptTrigger]: info.trigger,
        ...(info.maxOutputTokens !== undefined && {
          [attribute.requestMaxTokens]: info.maxOutputTokens,
        }),
      };
      const running = tracer.startSpan(
        `${span.attempt.name}${labels.of(info, info.providerModel)}`,
        {
          kind: SpanKind.CLIENT,
          links: linksOf(call),
          attributes: started,
        },
        parent,
      );
      const headers: Record<string, string> = {};
      propagation.inject(trace.setSpan(parent, running), headers);
      return {
        headers,
        end(result) {
          latest.set(call, running.spanContext());
          running.setAttributes(resultAttributes(result));
          if (result.errorKind !== undefined) running.setStatus({ code: SpanStatusCode.ERROR });
          running.end();
          measureAttempt(info, shared, result);
        },
      };
    },

    startBackoff(call, info) {
      const attributes: AttributesOf<typeof span.backoff> = {
        ...decisionAttributes(info),
        [attribute.delay]: info.ms / 1000,
      };
      const running = tracer.startSpan(
        span.backoff.name,
        { links: linksOf(call), attributes },
        contexts.get(call) ?? ROOT_CONTEXT,
      );
      delays.record(info.ms / 1000, { [attribute.instance]: info.target.provider });
      return () => running.end();
    },

    recordDecision(info) {
      decisions.add(1, decisionAttributes(info));
    },

    recordEstimate: output.recordEstimate,
    recordEstimateError: output.recordEstimateError,
    recordLostUsage: () => lostUsage.add(1),

    streams: (store, held) => ({
      ...createStreamMetrics(store, held),
      startTakeover({ epoch }) {
        const attributes: AttributesOf<typeof span.takeover> = { [attribute.epoch]: epoch };
        const running = tracer.startSpan(span.takeover.name, { attributes });
        const call: CallTelemetry = {
          traceId: running.spanContext().traceId,
          end({ code, reason }) {
            if (reason !== undefined) running.setAttribute(attribute.errorType, reason);
            if (code !== "OK") running.setStatus({ code: SpanStatusCode.ERROR });
            running.end();
          },
        };
        contexts.set(call, trace.setSpan(ROOT_CONTEXT, running));
        return call;
      },
    }),

    recordCall({ stream, attempts: count, overheadMs }) {
      overhead.record(overheadMs / 1000, { [attribute.stream]: stream });
      attempts.record(count, { [attribute.stream]: stream });
    },
  };
}
