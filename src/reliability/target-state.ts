import type { Clock } from "../clock.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import { CircuitBreaker, type CircuitPermit } from "./circuit-breaker.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { healthEffect } from "./failure-rules.ts";
import { Latency } from "./latency.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { ReliabilitySettings } from "./settings.ts";

/** A time for which nothing is sent somewhere, and why. */
export interface Pause {
  readonly until: number;
  readonly kind: ErrorKind;
}

/** Why a target does not take a call now; `until` is when that may change. */
export type Refusal =
  | { readonly state: "open"; readonly until: number }
  /** It was rate limited. */
  | { readonly state: "cooling"; readonly until: number }
  /** Its credential, its quota or its model was refused. */
  | { readonly state: "out"; readonly until: number; readonly kind: ErrorKind }
  /** As many calls as allowed run there. */
  | { readonly state: "full"; readonly until: number };

/** One attempt's right to be sent. `end` gives everything back that it holds. */
export interface AttemptPermit {
  readonly isProbe: boolean;
  /** The first content has come, after so many milliseconds. */
  content(ms: number): void;
  /** `error` undefined: it succeeded, or says nothing of the target. */
  end(error: GatewayError | undefined): void;
}

/** The longer of two pauses holds. */
function longer(before: Pause | undefined, after: Pause): Pause {
  return before !== undefined && before.until > after.until ? before : after;
}

/** What is known of a provider instance: credential, quota, retry budget. */
export class InstanceState {
  readonly budget: RetryBudget;
  out: Pause | undefined;

  constructor(settings: () => ReliabilitySettings) {
    this.budget = new RetryBudget(() => settings().budget);
  }
}

/** What is known of one model at one instance. */
export class TargetState {
  readonly instance: InstanceState;
  readonly circuit: CircuitBreaker;
  readonly limit: ConcurrencyLimit;
  /** Time to the first content: of streams, and of answers that come as a whole. */
  readonly streamed: Latency;
  readonly whole: Latency;
  readonly #clock: Clock;
  readonly #settings: () => ReliabilitySettings;
  #cooldown: Pause | undefined;
  #out: Pause | undefined;
  /** A probe runs although the target is out. */
  #isProbedWhileOut = false;
  readonly #onCooldown: (ms: number) => void;

  constructor(
    clock: Clock,
    settings: () => ReliabilitySettings,
    instance: InstanceState,
    onCooldown: (ms: number) => void,
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#onCooldown = onCooldown;
    this.instance = instance;
    this.circuit = new CircuitBreaker(clock, () => settings().health);
    this.limit = new ConcurrencyLimit(clock, () => settings().limit);
    this.streamed = new Latency();
    this.whole = new Latency();
  }

  get cooldown(): Pause | undefined {
    return this.#active(this.#cooldown);
  }

  get out(): Pause | undefined {
    return this.#active(this.#out) ?? this.#active(this.instance.out);
  }

  /** Why no call may go there now; takes nothing. */
  refusal(): Refusal | undefined {
    const refusal = this.#health();
    if (refusal !== undefined) return refusal;
    const { inFlight, queued } = this.limit;
    return inFlight >= this.#settings().limit.maxInFlight || queued > 0
      ? { state: "full", until: this.#clock.now() }
      : undefined;
  }

  /** A permit, or why there is none. */
  admit(stream: boolean): AttemptPermit | Refusal {
    const refusal = this.#health();
    if (refusal !== undefined) return refusal;
    if (!this.limit.tryEnter()) return { state: "full", until: this.#clock.now() };
    return this.#enter(stream, false);
  }

  /** The same after a wait in the queue: the slot is the caller's already. */
  admitQueued(stream: boolean): AttemptPermit | Refusal {
    const refusal = this.#health();
    if (refusal === undefined) return this.#enter(stream, false);
    this.limit.leave();
    return refusal;
  }

  /** One probe at a time, although the target is ejected or out. */
  admitPanic(stream: boolean): AttemptPermit | undefined {
    const isOut = this.out !== undefined;
    if ((isOut && this.#isProbedWhileOut) || !this.limit.tryEnter()) return undefined;
    const permit = this.#enter(stream, true);
    if ("state" in permit) return undefined;
    this.#isProbedWhileOut = isOut;
    const end: AttemptPermit["end"] = (error) => {
      this.#isProbedWhileOut = false;
      permit.end(error);
    };
    return { ...permit, end };
  }

  /** Nothing is sent there for so long; false where the pause that runs is as long. */
  coolDown(ms: number): boolean {
    const until = this.#clock.now() + ms;
    if (this.#cooldown !== undefined && this.#cooldown.until >= until) return false;
    this.#cooldown = { until, kind: "rate-limit" };
    return true;
  }

  /** Closes the circuit and ends every pause. */
  reset(): void {
    this.circuit.reset();
    this.#cooldown = undefined;
    this.#out = undefined;
    this.instance.out = undefined;
  }

  #active(pause: Pause | undefined): Pause | undefined {
    return pause !== undefined && pause.until > this.#clock.now() ? pause : undefined;
  }

  #health(): Refusal | undefined {
    const { cooldown } = this;
    if (cooldown !== undefined) return { state: "cooling", until: cooldown.until };
    const { out } = this;
    if (out !== undefined) return { state: "out", until: out.until, kind: out.kind };
    const until = this.circuit.openAt;
    return until > this.#clock.now() ? { state: "open", until } : undefined;
  }

  #enter(stream: boolean, panic: boolean): AttemptPermit | Refusal {
    const permit = this.circuit.tryAcquire(panic);
    if (permit !== undefined) return this.#permit(permit, stream);
    this.limit.leave();
    return { state: "open", until: this.circuit.openAt };
  }

  #permit(circuit: CircuitPermit, stream: boolean): AttemptPermit {
    const latency = stream ? this.streamed : this.whole;
    return {
      isProbe: circuit.isProbe,
      content: (ms) => {
        circuit.succeed();
        this.#out = undefined;
        this.instance.out = undefined;
        latency.add(ms, this.#clock.now());
      },
      end: (error) => {
        this.limit.leave();
        const isFailure = error !== undefined && this.#learn(error, circuit);
        if (!isFailure) circuit.release();
      },
    };
  }

  /** Takes over what a failure says; true where the circuit was told. */
  #learn(error: GatewayError, circuit: CircuitPermit): boolean {
    const effect = healthEffect(error);
    const { health, retry } = this.#settings();
    const now = this.#clock.now();
    switch (effect.type) {
      case "none":
        return false;
      case "failure":
        circuit.fail(effect.weight);
        return true;
      case "cooldown": {
        const ms = effect.hintMs ?? retry.throttle.baseMs;
        if (this.coolDown(ms)) this.#onCooldown(ms);
        return false;
      }
      case "out": {
        const ms = effect.cause === "quota" ? health.quotaMs : health.refusedMs;
        const pause = { until: now + ms, kind: error.kind };
        if (effect.scope === "target") this.#out = longer(this.#out, pause);
        else this.instance.out = longer(this.instance.out, pause);
        return false;
      }
    }
  }
}
