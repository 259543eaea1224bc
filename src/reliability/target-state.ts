import type { Clock } from "../clock.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { AnswerForm } from "./answer-form.ts";
import type { CallerShare } from "./caller-queue.ts";
import { CircuitBreaker, type CircuitPermit } from "./circuit-breaker.ts";
import type { ConcurrencyLimit } from "./concurrency-limit.ts";
import { type HealthEffect, healthEffect } from "./failure-rule.ts";
import { Latency } from "./latency.ts";
import type { ReliabilitySettings } from "./reliability-settings.ts";
import { RetryBudget } from "./retry-budget.ts";
import { SizedLatency } from "./sized-latency.ts";
import type { TargetChange } from "./target-change.ts";

/** A time for which nothing is sent to a target or instance, and its cause. */
export interface Pause {
  readonly until: number;
  readonly kind: ErrorKind;
}

/** `isAsked`: the provider stated the duration; otherwise it is a default. */
interface Cooldown extends Pause {
  readonly isAsked: boolean;
}

/** Why a target accepts no call of any caller now. `until`: the earliest time of a change. */
type Ailment =
  | { readonly state: "open"; readonly until: number }
  /** The provider asked for a pause: a rate limit, an overload, or a failure with a hint. */
  | (Cooldown & { readonly state: "cooling" })
  /** The provider refused the credential, the quota or the model. */
  | { readonly state: "out"; readonly until: number; readonly kind: ErrorKind };

/** Why a target refuses a call now. */
export type Refusal =
  | Ailment
  /** All places are taken, or all that this caller may have. */
  | { readonly state: "full"; readonly until: number; readonly isReserved: boolean };

/** The sender of a call. */
interface Sender {
  readonly caller: string;
}

/** Facts about the request whose attempt has failed. */
export interface FailedRequest {
  /** Whether the request failed here before in the same way, in the same call. */
  readonly isRepeated: boolean;
  /** Identifies the request among others. */
  readonly mark: string | undefined;
}

/** One attempt's permission to be sent. `end` returns everything that the permit holds. */
export interface AttemptPermit {
  readonly isProbe: boolean;
  /** The first content has arrived after `ms`, in an answer of the requested form. */
  content(ms: number, form: AnswerForm): void;
  /** Content has arrived at this time of the clock, so the target delivers. */
  delivered(now: number): void;
  /** `error` undefined: the attempt succeeded, or is no evidence about the target. */
  end(error: GatewayError | undefined, request?: FailedRequest): void;
}

/** The pause that ends later. */
function longer(before: Pause | undefined, after: Pause): Pause {
  return before !== undefined && before.until > after.until ? before : after;
}

/** State of a provider instance: credential, quota, retry budget. */
export class InstanceState {
  readonly budget: RetryBudget;
  out: Pause | undefined;

  constructor(clock: Clock, settings: () => ReliabilitySettings) {
    this.budget = new RetryBudget(clock, () => settings().budget);
  }
}

export interface TargetStateOptions {
  readonly clock: Clock;
  /** The operator's settings. A reload replaces them. */
  readonly settings: () => ReliabilitySettings;
  readonly limit: ConcurrencyLimit;
  readonly instance: InstanceState;
  /** Unset: for answers. */
  readonly isForCounts?: true;
  readonly onChange: (change: TargetChange) => void;
}

/** State of one model at one instance, for answers or for counts of tokens. */
export class TargetState {
  readonly instance: InstanceState;
  readonly circuit: CircuitBreaker;
  readonly limit: ConcurrencyLimit;
  /** Bounds failovers to this target: failures here by load spend tokens, and content gives them back. */
  readonly standIn: RetryBudget;
  /** Milliseconds to the first content, by the form of the answer. */
  readonly streamed = new Latency();
  readonly whole = new Latency();
  readonly counted = new Latency();
  /** Milliseconds to the first content of streams, by the size of the prompt. */
  readonly prefill = new SizedLatency();
  /** Milliseconds of whole answers, by their output limit. */
  readonly answers = new SizedLatency();
  readonly #clock: Clock;
  readonly #settings: () => ReliabilitySettings;
  #cooldown: Cooldown | undefined;
  #out: Pause | undefined;
  /** Whether a probe runs although the target is out. */
  #isProbedWhileOut = false;
  #panickedAt = Number.NEGATIVE_INFINITY;
  /** Time of the last content of any attempt. */
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #lastError: ErrorKind | undefined;
  readonly #options: TargetStateOptions;
  #counts: TargetState | undefined;

  constructor(options: TargetStateOptions) {
    const { clock, settings, limit, instance } = options;
    this.#clock = clock;
    this.#settings = settings;
    this.#options = options;
    this.instance = instance;
    this.circuit = new CircuitBreaker(
      clock,
      () => settings().health,
      (change) => this.#tell({ ...change, what: "circuit", lastError: this.#lastError }),
    );
    this.limit = limit;
    this.standIn = new RetryBudget(clock, () => settings().budget);
  }

  /**
   * The same model's counts of tokens. Vendors serve, limit and permit them separately, so they share only the places
   * and the instance with answers.
   */
  get counts(): TargetState {
    this.#counts ??= new TargetState({ ...this.#options, isForCounts: true });
    return this.#counts;
  }

  get cooldown(): Cooldown | undefined {
    return this.#active(this.#cooldown);
  }

  get out(): Pause | undefined {
    return this.#active(this.#out) ?? this.#active(this.instance.out);
  }

  /** Why the target would refuse the caller's call now. Takes no place. */
  refusal(caller: string): Refusal | undefined {
    const refusal = this.health();
    if (refusal !== undefined) return refusal;
    return this.limit.isFull(caller) ? this.#full(caller) : undefined;
  }

  /** Time of the last call sent although the target was ejected or out; `-Infinity`: never. */
  get panickedAt(): number {
    return this.#panickedAt;
  }

  /** Whether content has arrived at or after this time of the clock, for any call. */
  deliveredSince(at: number): boolean {
    return this.#deliveredAt >= at;
  }

  /** A permit, or the reason for its refusal. */
  acquire({ caller }: Sender): AttemptPermit | Refusal {
    const refusal = this.health();
    if (refusal !== undefined) return refusal;
    const share = this.limit.tryEnter(caller);
    return share === undefined ? this.#full(caller) : this.#enter(share, false);
  }

  /** A permit for a call from the queue, which already holds its place. */
  acquireQueued(share: CallerShare): AttemptPermit | Refusal {
    const refusal = this.health();
    if (refusal === undefined) return this.#enter(share, false);
    this.limit.leave(share);
    return refusal;
  }

  /** A permit for a probe although the target is ejected or out. One probe runs at a time. */
  acquireProbe({ caller }: Sender): AttemptPermit | undefined {
    const isOut = this.out !== undefined;
    if (isOut && this.#isProbedWhileOut) return undefined;
    const share = this.limit.tryEnter(caller);
    if (share === undefined) return undefined;
    const permit = this.#enter(share, true);
    if ("state" in permit) return undefined;
    this.#isProbedWhileOut = isOut;
    this.#panickedAt = this.#clock.now();
    const end: AttemptPermit["end"] = (error, request) => {
      this.#isProbedWhileOut = false;
      permit.end(error, request);
    };
    return { ...permit, end };
  }

  /** Starts a pause of `ms`; false if the current pause ends no earlier. */
  coolDown(ms: number, kind: ErrorKind = "rate-limit", isAsked = true): boolean {
    const until = this.#clock.now() + ms;
    if (this.#cooldown !== undefined && this.#cooldown.until >= until) return false;
    this.#cooldown = { until, kind, isAsked };
    return true;
  }

  /** Closes the circuit and ends all pauses, also of counts. */
  reset(): void {
    this.#counts?.reset();
    this.circuit.reset();
    this.#cooldown = undefined;
    this.#out = undefined;
    this.instance.out = undefined;
  }

  #active<Kind extends Pause>(pause: Kind | undefined): Kind | undefined {
    return pause !== undefined && pause.until > this.#clock.now() ? pause : undefined;
  }

  /** Why the target would refuse every call now, apart from its load. Takes no place. */
  health(): Ailment | undefined {
    const { cooldown } = this;
    if (cooldown !== undefined) return { ...cooldown, state: "cooling" };
    const { out } = this;
    if (out !== undefined) return { state: "out", until: out.until, kind: out.kind };
    const until = this.circuit.openAt;
    return until > this.#clock.now() ? { state: "open", until } : undefined;
  }

  #full(caller: string): Refusal {
    const isReserved = this.limit.isReserved(caller);
    return { state: "full", until: this.#clock.now(), isReserved };
  }

  #enter(share: CallerShare, panic: boolean): AttemptPermit | Refusal {
    const permit = this.circuit.tryAcquire(panic);
    if (permit !== undefined) return this.#permit(permit, share);
    this.limit.leave(share);
    return { state: "open", until: this.circuit.openAt };
  }

  #permit(circuit: CircuitPermit, share: CallerShare): AttemptPermit {
    const startedAt = this.#clock.now();
    return {
      isProbe: circuit.isProbe,
      content: (ms, form) => {
        circuit.succeed();
        this.#out = undefined;
        // An account without credit can still count.
        if (this.#options.isForCounts !== true) this.instance.out = undefined;
        this[form].add(ms, this.#clock.now());
      },
      delivered: (now) => {
        this.#deliveredAt = now;
      },
      end: (error, request) => {
        this.limit.leave(share);
        if (error === undefined) return circuit.release();
        this.#learn(healthEffect(error), error, circuit, { request, startedAt });
      },
    };
  }

  /** Applies the effect of a failure on the target. */
  #learn(
    effect: HealthEffect,
    error: GatewayError,
    circuit: CircuitPermit,
    {
      request,
      startedAt,
    }: { readonly request: FailedRequest | undefined; readonly startedAt: number },
  ): void {
    const { health, retry } = this.#settings();
    switch (effect.type) {
      case "none":
        return circuit.release();
      case "failure": {
        if (effect.hintMs !== undefined) this.#pause(effect.hintMs, error.kind, true);
        const isBusy = error.kind === "first-token-timeout" && this.deliveredSince(startedAt);
        // A target that delivered to other calls while this attempt waited is busy, not dead.
        if (isBusy || request?.isRepeated === true) return circuit.withdraw();
        this.#lastError = error.kind;
        return circuit.fail(effect.weight, request?.mark);
      }
      case "cooldown":
        this.#pause(
          effect.hintMs ?? retry.throttle.baseMs,
          error.kind,
          effect.hintMs !== undefined,
        );
        return circuit.release();
      case "out": {
        const forMs = effect.cause === "quota" ? health.quotaMs : health.refusedMs;
        this.#exclude(forMs, error.kind, effect.scope);
        return circuit.release();
      }
    }
  }

  #pause(ms: number, kind: ErrorKind, isAsked: boolean): void {
    // The kind tells later calls the cause of the pause: a rate limit, or trouble at the provider.
    const pauseKind = kind === "rate-limit" ? kind : "provider-overloaded";
    if (ms === 0 || !this.coolDown(ms, pauseKind, isAsked)) return;
    this.#tell({ what: "cooldown", forMs: ms, lastError: kind });
  }

  #exclude(forMs: number, kind: ErrorKind, scope: "instance" | "target"): void {
    const wasOut = this.out !== undefined;
    const pause = { until: this.#clock.now() + forMs, kind };
    if (scope === "target") this.#out = longer(this.#out, pause);
    else this.instance.out = longer(this.instance.out, pause);
    if (!wasOut) this.#tell({ what: "out", scope, forMs, lastError: kind });
  }

  #tell(change: TargetChange): void {
    const { isForCounts, onChange } = this.#options;
    onChange(isForCounts ? { ...change, isForCounts } : change);
  }
}
