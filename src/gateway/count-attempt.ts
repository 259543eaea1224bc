import type { Clock } from "../clock.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import {
  attemptLimits,
  type DefaultTimeouts,
  isOwnLimit,
  type TargetLimits,
  timeoutsOf,
} from "../reliability/attempt-limits.ts";
import type { AttemptPlan, RunningAttempt, Sign } from "../reliability/engine-call.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { CallTelemetry } from "../telemetry/call-telemetry.ts";
import type { AttemptResult, AttemptTelemetry, Telemetry } from "../telemetry/telemetry.ts";

export interface CountAttemptContext {
  readonly clock: Clock;
  readonly stats: ProviderStats;
  readonly telemetry: Telemetry;
  readonly callTelemetry: CallTelemetry;
  /** Whose call it is. */
  readonly caller: string;
  readonly count: NonNullable<Provider["countInput"]>;
  readonly timeouts: DefaultTimeouts;
  readonly onCount: (tokens: number) => void;
}

/** One request for a provider's count of the input. Its answer is one item: the number of tokens. */
export class CountAttempt implements RunningAttempt<number> {
  readonly limits: TargetLimits;
  readonly form = "counted";
  readonly #context: CountAttemptContext;
  readonly #plan: AttemptPlan<RoutedTarget>;
  readonly #timeouts: DefaultTimeouts;
  readonly #span: AttemptTelemetry;
  readonly #startedAt: number;

  constructor(context: CountAttemptContext, plan: AttemptPlan<RoutedTarget>) {
    const { clock, stats, telemetry, callTelemetry, caller } = context;
    const { model, spec } = plan.target;
    this.#context = context;
    this.#plan = plan;
    this.#timeouts = timeoutsOf(context.timeouts, model.timeouts);
    this.#startedAt = clock.now();
    // A count arrives as a whole, without reasoning or output.
    this.limits = attemptLimits(spec.timeouts, this.#timeouts, {
      reasons: false,
      streams: false,
      hasNext: plan.hasNext,
      probeFirstTokenMs: plan.probeFirstTokenMs,
      remainingMs: plan.remainingMs,
      usualMs: undefined,
    });
    this.#span = telemetry.startAttempt(callTelemetry, {
      operation: "count_tokens",
      caller,
      provider: model.provider,
      providerType: model.providerType,
      model: model.id,
      providerModel: model.providerModel,
      ...(model.isUnlisted && { isUnlisted: true as const }),
      stream: false,
      index: plan.number,
      trigger: plan.trigger,
      maxOutputTokens: undefined,
    });
    stats.started(model.provider);
  }

  async *open(signal: AbortSignal): AsyncGenerator<number> {
    const { model, spec, effort, options } = this.#plan.target;
    const request: ProviderRequest = {
      spec,
      model,
      effort,
      stream: false,
      options,
      attempt: this.#plan.number,
      continues: false,
      connectTimeoutMs: spec.timeouts.connectMs ?? this.#timeouts.connectMs,
      usageWaitMs: 0,
      headers: model.traceContext ? this.#span.headers : {},
    };
    yield await this.#context.count(request, signal);
  }

  readonly signOf = (): Sign => "end";

  take(tokens: number): undefined {
    this.#context.onCount(tokens);
  }

  isDraining(): boolean {
    return false;
  }

  isCommitted(): boolean {
    return false;
  }

  accept(): undefined {}

  isOwnLimit(kind: ErrorKind): boolean {
    return isOwnLimit(kind, this.limits, this.#plan.target.spec.timeouts, this.#timeouts);
  }

  end(outcome: AttemptResult["outcome"], error?: GatewayError): void {
    const { clock, stats } = this.#context;
    const { model } = this.#plan.target;
    stats.ended(model.provider, outcome === "superseded" ? outcome : error);
    this.#span.end({
      outcome,
      durationMs: clock.now() - this.#startedAt,
      ...(error !== undefined && { errorKind: error.kind }),
    });
  }
}
