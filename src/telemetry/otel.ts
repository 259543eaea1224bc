import {
  type Attributes,
  type Context,
  type Link,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Clock } from "../clock.ts";
import type { CallTelemetry } from "./call-telemetry.ts";
import type { ModelLabels } from "./model-labels.ts";
import { attribute, metric, SCOPE, VENDORS } from "./names.ts";
import { createJsonMetrics } from "./otel-json.ts";
import { createOutputMetrics } from "./otel-output.ts";
import { createStreamMetrics } from "./otel-streams.ts";
import type { AttemptInfo, AttemptResult, DecisionInfo, Telemetry } from "./telemetry.ts";

/** Buckets that the conventions ask for, in seconds and tokens. */
const SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const CHUNK_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const ATTEMPTS = [0, 1, 2, 3, 4, 5, 6, 8];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304];
/** The gateway's own share is below a millisecond most of the time. */
const OVERHEAD_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5,
];

/** Costs are trillionths, and metrics whole units. */
const PICOS_PER_UNIT = 1e12;

function histogram(name: string, unit: string, description: string, boundaries: number[]) {
  return metrics
    .getMeter(SCOPE)
    .createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: boundaries } });
}

/** Attributes that an attempt's span and its metrics share: few values each, but for unlisted models. */
function attemptAttributes(info: AttemptInfo): Attributes {
  return {
    [attribute.operation]: "chat",
    [attribute.provider]: VENDORS[info.providerType] ?? info.providerType,
    [attribute.instance]: info.provider,
    [attribute.requestModel]: info.providerModel,
  };
}

function decisionAttributes(info: DecisionInfo): Attributes {
  return {
    [attribute.instance]: info.target.provider,
    [attribute.category]: info.kind,
    [attribute.decision]: info.retried ? "retry" : "fail",
    [attribute.decisionReason]: info.reason,
  };
}

function resultAttributes(result: AttemptResult): Attributes {
  const { usage, cost, json } = result;
  return {
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
  const rpcDuration = histogram(metric.rpcDuration, "s", "Duration of a call.", SECONDS);
  const operation = histogram(
    metric.operationDuration,
    "s",
    "Duration of an attempt at a provider.",
    SECONDS,
  );
  const tokens = histogram(metric.tokenUsage, "{token}", "Tokens of an attempt.", TOKENS);
  const spent = metrics.getMeter(SCOPE).createCounter(metric.cost, {
    unit: "{currency_unit}",
    description: "Money that attempts have cost.",
  });
  const lostUsage = metrics.getMeter(SCOPE).createCounter(metric.usageDropped, {
    unit: "{record}",
    description: "Usage records that their file did not take.",
  });
  const firstChunk = histogram(
    metric.timeToFirstChunk,
    "s",
    "From sending an attempt to its first content.",
    SECONDS,
  );
  const perChunk = histogram(
    metric.timePerOutputChunk,
    "s",
    "Mean time between the content chunks of an attempt.",
    CHUNK_SECONDS,
  );
  const output = createOutputMetrics(labels);
  const overhead = histogram(
    metric.overhead,
    "s",
    "Time of a generation outside of providers.",
    OVERHEAD_SECONDS,
  );
  const decisions = metrics.getMeter(SCOPE).createCounter(metric.retryDecisions, {
    unit: "{decision}",
    description: "Decisions after failed attempts.",
  });
  const recordJson = createJsonMetrics();
  const delays = histogram(metric.retryDelay, "s", "Waits between attempts.", SECONDS);
  const attempts = histogram(metric.attempts, "{attempt}", "Attempts of a generation.", ATTEMPTS);
  const contexts = new WeakMap<CallTelemetry, Context>();
  /** The attempt that ended last in a call: what follows is linked to it. */
  const latest = new WeakMap<CallTelemetry, SpanContext>();

  function linksOf(call: CallTelemetry): Link[] {
    const context = latest.get(call);
    return context === undefined ? [] : [{ context }];
  }

  function measureAttempt(info: AttemptInfo, own: Attributes, result: AttemptResult): void {
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
      const span = tracer.startSpan(
        info.method,
        { kind: SpanKind.SERVER, attributes: shared },
        parent,
      );
      const call: CallTelemetry = {
        traceId: span.spanContext().traceId,
        end({ code, reason }) {
          const outcome: Attributes = {
            [attribute.rpcStatus]: code,
            ...(reason !== undefined && { [attribute.errorType]: reason }),
          };
          span.setAttributes(outcome);
          if (code !== "OK") span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
          rpcDuration.record((clock.now() - startedAt) / 1000, { ...shared, ...outcome });
        },
      };
      contexts.set(call, trace.setSpan(parent, span));
      return call;
    },

    startAttempt(call, info) {
      const shared = attemptAttributes(info);
      const parent = contexts.get(call) ?? ROOT_CONTEXT;
      const span = tracer.startSpan(
        `chat ${labels.of(info, info.providerModel)}`,
        {
          kind: SpanKind.CLIENT,
          links: linksOf(call),
          attributes: {
            ...shared,
            [attribute.model]: info.model,
            [attribute.requestStream]: info.stream,
            [attribute.attemptIndex]: info.index,
            [attribute.attemptTrigger]: info.trigger,
            ...(info.maxOutputTokens !== undefined && {
              [attribute.requestMaxTokens]: info.maxOutputTokens,
            }),
          },
        },
        parent,
      );
      const headers: Record<string, string> = {};
      propagation.inject(trace.setSpan(parent, span), headers);
      return {
        headers,
        end(result) {
          latest.set(call, span.spanContext());
          span.setAttributes(resultAttributes(result));
          span.setAttribute(attribute.attemptOutcome, result.outcome);
          if (result.errorKind !== undefined) {
            span.setAttribute(attribute.errorType, result.errorKind);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
          measureAttempt(info, shared, result);
        },
      };
    },

    startBackoff(call, info) {
      const attributes = decisionAttributes(info);
      const span = tracer.startSpan(
        "backoff",
        { links: linksOf(call), attributes: { ...attributes, [attribute.delay]: info.ms / 1000 } },
        contexts.get(call) ?? ROOT_CONTEXT,
      );
      delays.record(info.ms / 1000, { [attribute.instance]: info.target.provider });
      return () => span.end();
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
        const span = tracer.startSpan("takeover", { attributes: { [attribute.epoch]: epoch } });
        const call: CallTelemetry = {
          traceId: span.spanContext().traceId,
          end({ code, reason }) {
            if (reason !== undefined) span.setAttribute(attribute.errorType, reason);
            if (code !== "OK") span.setStatus({ code: SpanStatusCode.ERROR });
            span.end();
          },
        };
        contexts.set(call, trace.setSpan(ROOT_CONTEXT, span));
        return call;
      },
    }),

    recordCall({ stream, attempts: count, overheadMs }) {
      overhead.record(overheadMs / 1000, { [attribute.stream]: stream });
      attempts.record(count, { [attribute.stream]: stream });
    },
  };
}
