// One attempt of a generation: the target's request, its provider, limits, record and span, and the delivery of its
// events.

import type { Clock } from "../clock.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { AbortPolicy } from "../domain/generation-spec.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { AttemptRecord } from "../output/attempt-record.ts";
import { joinAtSeam } from "../output/continuation.ts";
import { refuseEmptyOutput } from "../output/empty-output.ts";
import type { GenerationResult } from "../output/generation-result.ts";
import { refuseInvalidOutput } from "../output/repair.ts";
import type { SchemaChecks } from "../output/schema-checks.ts";
import type { LimitedCaller } from "../ports/call-limits.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import {
  attemptLimits,
  type DefaultTimeouts,
  isOwnLimit,
  type TargetLimits,
  timeoutsOf,
} from "../reliability/attempt-limits.ts";
import type { AttemptPlan, RunningAttempt } from "../reliability/engine-call.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import { withinLimits } from "../routing/within-limits.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { AttemptResult, AttemptTelemetry, Telemetry } from "../telemetry/telemetry.ts";
import { costOf } from "../usage/cost.ts";
import { serviceTierWarning } from "../usage/service-tier.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import { createUsageMeter } from "../usage/usage-meter.ts";
import type { CallFacts, UsageSink } from "../usage/usage-sink.ts";
import { AttemptMeasure } from "./attempt-measure.ts";
import { AttemptReservation, type Reserved } from "./attempt-reservation.ts";
import { attemptSpec, textToContinue } from "./attempt-spec.ts";
import type { Delivery } from "./delivery.ts";
import { payFor } from "./pay-for.ts";
import { signOfEvent } from "./sign-of-event.ts";
import { streamsUpstream } from "./streams-upstream.ts";
import { UpstreamAbort } from "./upstream-abort.ts";

/** The generation of an attempt. */
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
  /** Unset, both: the caller has no limits. */
  readonly limited?: LimitedCaller | undefined;
  readonly reserved?: Reserved | undefined;
  /** Ends the generation after a defect that is reported nowhere else. */
  readonly onDefect: (error: unknown) => void;
  /** Facts of the call for its usage records. */
  readonly facts: CallFacts;
  /** How the provider's call ends if the generation is cancelled. */
  readonly abort: AbortPolicy;
  /** Aborted at the end of the generation. */
  readonly lifetime: AbortSignal;
  /** Ends provider calls that are read on after the generation. */
  readonly hurry: AbortSignal;
  readonly result: GenerationResult;
  readonly stream: boolean;
  /** Time of the clock until which the caller waits. */
  readonly waitsUntil: number;
  readonly delivery: () => Delivery;
}

/** The request of an attempt, and its origin. */
interface SentRequest {
  readonly target: Pick<RoutedTarget, "model" | "spec" | "warnings">;
  /** Whether the request's budget determines the output limit. */
  readonly isMoneyLimited: boolean;
  /** The text that the attempt continues. */
  readonly before: string | undefined;
}

function requestOf(
  context: AttemptContext,
  { target, trigger }: AttemptPlan<RoutedTarget>,
): SentRequest {
  const { result } = context;
  const { model } = target;
  const before = trigger === "continuation" ? textToContinue(result, target) : undefined;
  const paid = payFor(context, target, attemptSpec(result, target, before));
  // The budget and the continued text lower the token limit, and other values with it.
  const { spec, warnings } = withinLimits(paid.spec, model);
  return {
    target: { model, spec, warnings: [...target.warnings, ...warnings] },
    isMoneyLimited: paid.isLimited,
    before,
  };
}

function resultOf(record: AttemptRecord): Omit<AttemptResult, "outcome"> {
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

/** Milliseconds for this attempt and later ones. A generation can outlive its caller's deadline. */
function remainingMs({ clock, waitsUntil }: AttemptContext, callRemainingMs: number): number {
  const waitsMs = waitsUntil - clock.now();
  return waitsMs > 0 ? Math.min(callRemainingMs, waitsMs) : callRemainingMs;
}

export class GenerationAttempt implements RunningAttempt<ProviderEvent> {
  readonly limits: TargetLimits;
  readonly form: "streamed" | "whole";
  readonly signOf = signOfEvent;
  readonly #context: AttemptContext;
  readonly #plan: AttemptPlan<RoutedTarget>;
  readonly #request: SentRequest;
  readonly #record: AttemptRecord;
  readonly #span: AttemptTelemetry;
  readonly #timeouts: DefaultTimeouts;
  readonly #measure: AttemptMeasure;
  readonly #upstream: UpstreamAbort;
  readonly #reservation: AttemptReservation | undefined;
  /** Ends of parts without output, held back until the first output. */
  #held: ProviderEvent[] = [];

  constructor(context: AttemptContext, plan: AttemptPlan<RoutedTarget>) {
    const { stats, result, stream } = context;
    const { target, trigger, delayMs, delayFromProvider } = plan;
    const { model } = target;
    const streams = streamsUpstream(target, stream, plan.hasNext);
    this.#context = context;
    this.#plan = plan;
    this.form = streams ? "streamed" : "whole";
    this.#request = requestOf(context, plan);
    const { spec } = this.#request.target;
    this.#record = result.begin(
      {
        target: this.#request.target,
        trigger,
        stream: streams,
        isMoneyLimited: this.#request.isMoneyLimited,
        delayMs,
        delayFromProvider,
        meter: createUsageMeter(context.counter, model, spec),
        price: (usage, reported) => costOf(model.pricing, usage, reported),
      },
      plan.queuedMs,
    );
    this.#span = this.#startSpan();
    stats.started(model.provider);
    this.#timeouts = timeoutsOf(context.timeouts, model.timeouts);
    const { startedAt } = this.#record;
    const isCallStream = stream;
    const size = { target, isCallStream, streams, startedAt };
    this.#measure = new AttemptMeasure(plan.state, size);
    this.limits = this.#limits();
    const { clock, counter, abort: policy, lifetime, hurry } = context;
    const { options } = target;
    const call = { clock, counter, policy, model, spec, options, stream: streams, lifetime, hurry };
    this.#upstream = new UpstreamAbort(call);
    const { reserved } = context;
    this.#reservation = reserved && new AttemptReservation(reserved, counter, target);
  }

  open(signal: AbortSignal): AsyncIterable<ProviderEvent> {
    const { before, target } = this.#request;
    const { spec, model } = target;
    const { connectMs } = this.#plan.target.spec.timeouts;
    const request: ProviderRequest = {
      spec,
      model,
      effort: this.#plan.target.effort,
      stream: this.form === "streamed",
      options: this.#plan.target.options,
      attempt: this.#plan.number,
      continues: this.#plan.trigger === "continuation",
      connectTimeoutMs: connectMs ?? this.#timeouts.connectMs,
      usageWaitMs: this.limits.usageWaitMs,
      // The operator decides which providers receive a caller's trace context and baggage.
      headers: model.traceContext ? this.#span.headers : {},
    };
    const provider = this.#context.provider(model.provider);
    const send = (): AsyncIterable<ProviderEvent> =>
      provider.generate(request, this.#upstream.follow(signal));
    const events = this.#reservation?.open(spec, send) ?? send();
    return before === undefined
      ? events
      : joinAtSeam(events, before, spec.sampling.stopSequences ?? []);
  }

  take(event: ProviderEvent, now: number, content: boolean): Promise<void> | undefined {
    const record = this.#record;
    record.observe(event, now, content);
    if (content) this.#measure.content(now);
    if (this.#upstream.isDraining) {
      this.#upstream.observe(event);
      return undefined;
    }
    const delivery = this.#context.delivery();
    if (!record.committed) {
      if (!delivery.commits(event, record)) {
        if (event.type === "part-end") this.#held.push(event);
        return undefined;
      }
      this.#context.result.commit(record);
      this.#flush();
    }
    return delivery.deliver(event, record);
  }

  isDraining(): boolean {
    return this.#upstream.isDraining;
  }

  isCommitted(): boolean {
    return this.#record.committed;
  }

  accept(): Promise<void> | undefined {
    const { result, checks, facts, lifetime } = this.#context;
    const record = this.#record;
    const around = { hasNext: this.#plan.hasNext, attempts: () => result.attempts() };
    // The output of a continuation includes the text before it, so it is never empty.
    if (this.#request.before === undefined) refuseEmptyOutput(record, around);
    const checked = record.check((check) => checks.run(facts.caller, check, lifetime));
    if (checked !== undefined) return checked.then(() => refuseInvalidOutput(record));
    refuseInvalidOutput(record);
    return undefined;
  }

  isOwnLimit(kind: ErrorKind): boolean {
    return isOwnLimit(kind, this.limits, this.#plan.target.spec.timeouts, this.#timeouts);
  }

  end(outcome: AttemptResult["outcome"], error?: GatewayError): void {
    const { result, stats, onDefect } = this.#context;
    const { target } = this.#plan;
    const record = this.#record;
    this.#upstream.stop();
    this.#endMeasure(outcome, error);
    result.end(record, outcome, error);
    const tier = serviceTierWarning(record.cost, record.finish?.metadata ?? {});
    if (tier !== undefined) record.warn(tier);
    if (outcome === "succeeded") this.#flush();
    this.#reservation?.end(record);
    stats.ended(target.model.provider, outcome === "superseded" ? outcome : error);
    // Must be read now, because the next attempt may start the documents anew.
    const json = record.committed ? this.#context.delivery().json() : undefined;
    const report = (): void => this.#report({ outcome, ...(json !== undefined && { json }) });
    // The span and the record must have the same counts as the result.
    if (record.counting === undefined) report();
    else record.counting.then(report).catch(onDefect);
  }

  #report(end: Pick<AttemptResult, "outcome" | "json">): void {
    const { usage, facts } = this.#context;
    this.#span.end({ ...resultOf(this.#record), ...end });
    usage.record({ ...facts, type: "attempt", attempt: this.#record.attempt() });
  }

  #endMeasure(outcome: AttemptResult["outcome"], error: GatewayError | undefined): void {
    const now = this.#context.clock.now();
    if (outcome === "succeeded") this.#measure.succeeded(now);
    if (error?.kind !== "first-token-timeout") return;
    const { reasoningMs, firstTokenMs } = this.#timeouts;
    this.#measure.timedOut(this.limits, this.#reasons ? reasoningMs : firstTokenMs, now);
  }

  get #reasons(): boolean {
    return this.#plan.target.model.capabilities.has("reasoning");
  }

  #limits(): TargetLimits {
    const { target, hasNext, probeFirstTokenMs } = this.#plan;
    const isUsualNeeded = hasNext || probeFirstTokenMs !== undefined;
    return attemptLimits(target.spec.timeouts, this.#timeouts, {
      reasons: this.#reasons,
      streams: this.form === "streamed",
      hasNext,
      probeFirstTokenMs,
      remainingMs: remainingMs(this.#context, this.#plan.remainingMs),
      usualMs: isUsualNeeded ? this.#measure.usualMs() : undefined,
    });
  }

  #startSpan(): AttemptTelemetry {
    const { telemetry, callTelemetry, facts } = this.#context;
    const { model, spec } = this.#request.target;
    return telemetry.startAttempt(callTelemetry, {
      operation: "chat",
      caller: facts.caller,
      provider: model.provider,
      providerType: model.providerType,
      model: model.id,
      providerModel: model.providerModel,
      ...(model.isUnlisted && { isUnlisted: true as const }),
      stream: this.form === "streamed",
      index: this.#record.index,
      trigger: this.#plan.trigger,
      maxOutputTokens: spec.sampling.maxOutputTokens,
    });
  }

  #flush(): void {
    const { deliver } = this.#context.delivery();
    for (const event of this.#held) void deliver(event, this.#record);
    this.#held = [];
  }
}
