// One attempt: the target's request, its provider, its limits, its record and its
// span, and the way of its events to the caller.

import type { Clock } from "../clock.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { AttemptNotice, AttemptTrigger } from "../domain/generation.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonStatistics } from "../domain/json-statistics.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";
import { continuableText, continuationSpec, joinAtSeam } from "../output/continuation.ts";
import { refuseEmptyOutput } from "../output/empty-output.ts";
import type { GenerationResult } from "../output/generation-result.ts";
import { refuseInvalidOutput, repairSpec } from "../output/repair.ts";
import type { SchemaChecks } from "../output/schema-checks.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import type { AttemptPlan, RunningAttempt } from "../reliability/engine-call.ts";
import {
  attemptLimits,
  type DefaultTimeouts,
  isOwnLimit,
  timeoutsOf,
} from "../reliability/limits.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import { toGatewayError } from "../reliability/run-attempt.ts";
import { withinLimits } from "../routing/fit-limits.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { AttemptResult, Telemetry } from "../telemetry/telemetry.ts";
import { costOf } from "../usage/cost.ts";
import { serviceTierWarning } from "../usage/service-tier.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import { createUsageMeter } from "../usage/usage-meter.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";
import { AttemptMeasure } from "./attempt-measure.ts";
import { AttemptEnd } from "./drain-attempt.ts";
import { type PaidCall, payFor } from "./request-budget.ts";
import { streamsUpstream } from "./streams-upstream.ts";

/** Where the events of a call go. */
export interface Delivery {
  /** The caller would see something of this event. */
  commits(event: ProviderEvent, record: AttemptRecord): boolean;
  /** A promise holds the provider back until it resolves. */
  deliver(event: ProviderEvent, record: AttemptRecord): Promise<void> | undefined;
  notice(notice: AttemptNotice): void;
  /** What the output of the current attempt had of JSON; undefined where nobody asked. */
  json(): JsonStatistics | undefined;
}

/** A call whose attempts are run. */
export interface AttemptContext {
  readonly telemetry: Telemetry;
  readonly callTelemetry: CallTelemetry;
  readonly stats: ProviderStats;
  readonly counter: TokenCounter;
  readonly checks: SchemaChecks;
  readonly provider: (instance: string) => Provider;
  readonly timeouts: DefaultTimeouts;
  readonly clock: Clock;
  readonly usage: UsageSink;
  /** Ends the generation by a defect that nobody else is told of. */
  readonly onDefect: (error: unknown) => void;
  /** Whose call it is. */
  readonly facts: CallFacts;
  /** How the provider's call ends when the generation is cancelled. */
  readonly abort: AbortPolicy;
  /** Ends the generation; and what is read on of it. */
  readonly lifetime: AbortSignal;
  readonly hurry: AbortSignal;
  readonly result: GenerationResult;
  readonly stream: boolean;
  /** The clock's time until which the caller waits. */
  readonly waitsUntil: number;
  readonly delivery: () => Delivery;
}

function report(record: AttemptRecord): Omit<AttemptResult, "outcome"> {
  const { attemptMs, firstTokenMs, perChunkMs } = record.durations();
  const { error, usage, cost, finish, target } = record;
  return {
    durationMs: attemptMs,
    providerModel: record.providerModel || target.model.providerModel,
    providerResponseId: record.providerResponseId,
    ...(error !== undefined && { errorKind: error.kind }),
    ...(finish !== undefined && { finishReason: finish.reason }),
    ...(usage !== undefined && { usage }),
    ...(cost !== undefined && { cost }),
    ...(firstTokenMs !== undefined && { timeToFirstTokenMs: firstTokenMs }),
    ...(perChunkMs !== undefined && { timePerChunkMs: perChunkMs }),
    rhythm: () => record.rhythm(),
  };
}

/** The text that an attempt at this target would go on after; undefined: it cannot. */
export function textToContinue(result: GenerationResult, target: RoutedTarget): string | undefined {
  const broken = result.committed;
  if (broken === undefined || broken.hasWholePart || !target.model.prefill) return undefined;
  if (broken.name.model !== target.model.id) return undefined;
  const text = continuableText(target.spec, broken.assembler.message());
  if (text === undefined) return undefined;
  const spec = continuationSpec(target.spec, text, result.outputTokens());
  return spec === undefined ? undefined : text;
}

/** The target's request as this attempt sends it. */
function specOf(
  result: GenerationResult,
  { spec }: RoutedTarget,
  before: string | undefined,
): GenerationSpec {
  if (before !== undefined) return continuationSpec(spec, before, result.outputTokens()) ?? spec;
  // Whatever follows a refused output repairs it, a repair's own retries included.
  const { rejected } = result;
  return rejected === undefined ? spec : repairSpec(spec, rejected);
}

/** Why the request's money does not pay for an attempt at this target; undefined: it does. */
export function moneyObstacle(
  call: PaidCall,
  target: RoutedTarget,
  trigger: AttemptTrigger,
): GatewayError | undefined {
  const { result } = call;
  const before = trigger === "continuation" ? textToContinue(result, target) : undefined;
  try {
    payFor(call, target, specOf(result, target, before));
    return undefined;
  } catch (error) {
    return toGatewayError(error);
  }
}

/** The targets that the request's money pays for now; the others are passed over. */
export function paidTargets(
  call: PaidCall,
  targets: readonly RoutedTarget[],
): { readonly targets: readonly RoutedTarget[]; readonly error: GatewayError | undefined } {
  let error: GatewayError | undefined;
  const paid = targets.filter((target) => {
    const obstacle = moneyObstacle(call, target, "initial");
    if (obstacle === undefined) return true;
    error ??= obstacle;
    call.result.skip({ provider: target.model.provider, model: target.model.id }, obstacle);
    return false;
  });
  return { targets: paid, error: paid.length === 0 ? error : undefined };
}

/** What is left for this attempt and those after it; a generation can outlive its caller's deadline. */
function remainingMs({ clock, waitsUntil }: AttemptContext, leftMs: number): number {
  const waitsMs = waitsUntil - clock.now();
  return waitsMs > 0 ? Math.min(leftMs, waitsMs) : leftMs;
}

/** The attempt of a plan; sent by `open`. */
export function startAttempt(
  context: AttemptContext,
  plan: AttemptPlan<RoutedTarget>,
): RunningAttempt {
  const { telemetry, stats, result, stream } = context;
  const { target, trigger } = plan;
  const { model } = target;
  const streams = streamsUpstream(target, stream, plan.hasNext);
  const goesOn = trigger === "continuation";
  const before = goesOn ? textToContinue(result, target) : undefined;
  const { spec: paid, isLimited } = payFor(context, target, specOf(result, target, before));
  // Money and what was written before lower the limit of tokens, and with it other values.
  const { spec, warnings } = withinLimits(paid, model);
  const record = result.begin(
    {
      target: { model, spec, warnings: [...target.warnings, ...warnings] },
      trigger,
      stream: streams,
      isMoneyLimited: isLimited,
      delayMs: plan.delayMs,
      delayFromProvider: plan.delayFromProvider,
      meter: createUsageMeter(context.counter, model, spec),
      price: (usage, reported) => costOf(model.pricing, usage, reported),
    },
    plan.queuedMs,
  );
  const span = telemetry.startAttempt(context.callTelemetry, {
    provider: model.provider,
    providerType: model.providerType,
    model: model.id,
    providerModel: model.providerModel,
    ...(model.isUnlisted && { isUnlisted: true as const }),
    stream: streams,
    index: record.index,
    trigger,
    maxOutputTokens: spec.sampling.maxOutputTokens,
  });
  stats.started(model.provider);
  const timeouts = timeoutsOf(context.timeouts, model.timeouts);
  const { hasNext, probeFirstTokenMs } = plan;
  const reasons = model.capabilities.has("reasoning");
  const measure = new AttemptMeasure(plan.state, target, stream, streams, record.startedAt);
  const limits = attemptLimits(target.spec.timeouts, timeouts, {
    reasons,
    streams,
    hasNext,
    probeFirstTokenMs,
    remainingMs: remainingMs(context, plan.remainingMs),
    usualMs: hasNext || probeFirstTokenMs !== undefined ? measure.usualMs() : undefined,
  });
  const { clock, counter, abort: policy, lifetime, hurry } = context;
  const providerEnd = new AttemptEnd({
    clock,
    counter,
    policy,
    model,
    spec,
    options: target.options,
    stream: streams,
    lifetime,
    hurry,
  });
  /** Ends of parts without output: they wait for the first output. */
  let held: ProviderEvent[] = [];

  function flush(): void {
    const { deliver } = context.delivery();
    for (const event of held) void deliver(event, record);
    held = [];
  }

  return {
    limits,
    streams,
    open(signal) {
      const request: ProviderRequest = {
        spec,
        model,
        effort: target.effort,
        stream: streams,
        options: target.options,
        attempt: plan.number,
        continues: goesOn,
        connectTimeoutMs: target.spec.timeouts.connectMs ?? timeouts.connectMs,
        usageWaitMs: limits.usageWaitMs,
        // A caller's trace, and what its baggage says, are the operator's to give away.
        headers: model.traceContext ? span.headers : {},
      };
      const events = context.provider(model.provider).generate(request, providerEnd.follow(signal));
      if (before === undefined) return events;
      return joinAtSeam(events, before, spec.sampling.stopSequences ?? []);
    },
    take(event, now, content) {
      record.observe(event, now, content);
      if (content) measure.content(now);
      if (providerEnd.isDraining) {
        providerEnd.observe(event);
        return undefined;
      }
      const delivery = context.delivery();
      if (!record.committed) {
        if (!delivery.commits(event, record)) {
          if (event.type === "part-end") held.push(event);
          return undefined;
        }
        result.commit(record);
        flush();
      }
      return delivery.deliver(event, record);
    },
    isDraining: () => providerEnd.isDraining,
    isCommitted: () => record.committed,
    accept() {
      // A continuation has the text before it.
      const around = { hasNext: plan.hasNext, attempts: () => result.attempts() };
      if (before === undefined) refuseEmptyOutput(record, around);
      const checked = record.check((check) =>
        context.checks.run(context.facts.caller, check, lifetime),
      );
      if (checked !== undefined) return checked.then(() => refuseInvalidOutput(record));
      refuseInvalidOutput(record);
      return undefined;
    },
    isOwnLimit: (kind) => isOwnLimit(kind, limits, target.spec.timeouts, timeouts),
    end(outcome, error) {
      providerEnd.stop();
      if (outcome === "succeeded") measure.succeeded(clock.now());
      if (error?.kind === "first-token-timeout") {
        measure.timedOut(
          limits,
          reasons ? timeouts.reasoningMs : timeouts.firstTokenMs,
          clock.now(),
        );
      }
      result.end(record, outcome, error);
      const tier = serviceTierWarning(record.cost, record.finish?.metadata ?? {});
      if (tier !== undefined) record.warn(tier);
      if (outcome === "succeeded") flush();
      stats.ended(model.provider, outcome === "superseded" ? outcome : error);
      // Read now: what follows may begin the documents anew.
      const json = record.committed ? context.delivery().json() : undefined;
      const tell = (): void => {
        span.end({ ...report(record), outcome, ...(json !== undefined && { json }) });
        context.usage.record({ ...context.facts, type: "attempt", attempt: record.attempt() });
      };
      // The span and the record have the counts that the result has.
      if (record.counting === undefined) tell();
      else record.counting.then(tell).catch(context.onDefect);
    },
  };
}

/** Deliveries of a call that answers as a whole: nothing is seen before the end. */
export const NO_DELIVERY: Delivery = {
  commits: () => false,
  deliver: () => undefined,
  notice: () => {},
  json: () => undefined,
};
