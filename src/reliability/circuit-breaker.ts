import type { Clock } from "../clock.ts";
import { RollingCounts } from "./rolling-counts.ts";
import type { HealthSettings } from "./settings.ts";

/** Each state holds only what it needs. Times are the clock's milliseconds. */
type State =
  | { readonly name: "closed" }
  | { readonly name: "open"; readonly until: number }
  /** `leaseEnd`: the running probe keeps others out until then; in the past, the next may go. */
  | { readonly name: "half-open"; leaseEnd: number };

export type CircuitState = State["name"];

/** One call's right to be sent; each method at most once, and `release` or `fail` at the end. */
export interface CircuitPermit {
  readonly isProbe: boolean;
  /** The first content has come: the target works. */
  succeed(): void;
  /** The target failed; `weight` is the share of a failure that it counts for. */
  fail(weight: number): void;
  /** The call says nothing about the target, or has ended after `succeed`. */
  release(): void;
}

export interface CircuitSnapshot {
  readonly state: CircuitState;
  readonly consecutiveFailures: number;
  readonly windowRequests: number;
  /** An overload counts for a part of one. */
  readonly windowFailures: number;
  readonly changedAt: number;
  /** When an open circuit lets a probe through. */
  readonly nextProbeAt: number | undefined;
}

/** A lease outlives its probe's own limit by this factor, so that only a lost probe expires. */
const LEASE_FACTOR = 2;
/** Share of an ejection that is random: shorter, so that the longest holds as said. */
const EJECTION_JITTER = 0.2;

/**
 * Circuit of one target. A call that began before the circuit's last change of
 * state says nothing about the state it ends in: permits carry a generation.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: () => HealthSettings;
  readonly #counts = new RollingCounts();
  #state: State = { name: "closed" };
  #changedAt: number;
  #generation = 0;
  #consecutive = 0;
  /** Calls that have ended well. */
  #completed = 0;
  /** Ejections in a row. */
  #ejections = 0;

  constructor(clock: Clock, settings: () => HealthSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#changedAt = clock.now();
  }

  get state(): CircuitState {
    return this.#state.name;
  }

  /** When a call may go: now or before for "yes", else the moment at which the next probe may. */
  get openAt(): number {
    const state = this.#state;
    if (state.name === "closed") return 0;
    return state.name === "open" ? state.until : state.leaseEnd;
  }

  /** `panic`: an ejection that has not ended is no obstacle, a running probe is. */
  tryAcquire(panic = false): CircuitPermit | undefined {
    const now = this.#clock.now();
    const state = this.#state;
    if (state.name === "closed") {
      this.#counts.request(now, this.#settings().windowMs);
      return this.#permit(false);
    }
    if (state.name === "open" ? now < state.until && !panic : now < state.leaseEnd) {
      return undefined;
    }
    const leaseEnd = now + this.#settings().probeFirstTokenMs * LEASE_FACTOR;
    if (state.name === "open") this.#enter({ name: "half-open", leaseEnd });
    else state.leaseEnd = leaseEnd;
    return this.#permit(true, leaseEnd);
  }

  /** Closes the circuit and forgets what it has counted. */
  reset(): void {
    this.#ejections = 0;
    this.#consecutive = 0;
    this.#counts.clear();
    this.#enter({ name: "closed" });
  }

  snapshot(): CircuitSnapshot {
    const state = this.#state;
    const { requests, failures } = this.#counts.totals(
      this.#clock.now(),
      this.#settings().windowMs,
    );
    return {
      state: state.name,
      consecutiveFailures: Math.floor(this.#consecutive),
      windowRequests: requests,
      windowFailures: failures,
      changedAt: this.#changedAt,
      nextProbeAt: state.name === "open" ? state.until : undefined,
    };
  }

  #permit(isProbe: boolean, leaseEnd?: number): CircuitPermit {
    const generation = this.#generation;
    let erased = 0;
    /** Count of calls that had ended well when this one reached its content. */
    let completedBefore: number | undefined;
    return {
      isProbe,
      succeed: () => {
        if (generation !== this.#generation) return;
        erased = this.#consecutive;
        completedBefore = this.#completed;
        this.#consecutive = 0;
        if (this.#state.name === "half-open") this.#close();
      },
      fail: (weight) => {
        if (generation !== this.#generation) return;
        // A stream that fails after its first content had ended the row too early,
        // unless another call has ended well since.
        if (completedBefore !== this.#completed) erased = 0;
        this.#consecutive = Math.max(this.#consecutive, erased) + weight;
        if (this.#state.name === "half-open") return this.#eject();
        const { windowMs } = this.#settings();
        this.#counts.failure(this.#clock.now(), windowMs, weight);
        if (this.#isFailing()) this.#eject();
      },
      release: () => {
        if (completedBefore !== undefined) this.#completed++;
        const state = this.#state;
        // Another probe holds the lease where this one's has expired.
        if (isProbe && generation === this.#generation && state.name === "half-open") {
          if (state.leaseEnd === leaseEnd) state.leaseEnd = this.#clock.now();
        }
      },
    };
  }

  #isFailing(): boolean {
    const { consecutiveFailures, failureRate, minRequests, windowMs } = this.#settings();
    if (this.#consecutive >= consecutiveFailures) return true;
    const { requests, failures } = this.#counts.totals(this.#clock.now(), windowMs);
    return requests >= minRequests && failures >= failureRate * requests;
  }

  #eject(): void {
    const { ejectionMs, maxEjectionMs, windowMs } = this.#settings();
    const now = this.#clock.now();
    // A circuit that stayed closed for a whole window has recovered.
    if (this.#state.name === "closed" && now - this.#changedAt > windowMs) this.#ejections = 0;
    const longest = Math.min(maxEjectionMs, ejectionMs * 2 ** this.#ejections);
    this.#ejections = Math.min(this.#ejections + 1, 30);
    const until = now + longest * (1 - EJECTION_JITTER * this.#clock.random());
    this.#enter({ name: "open", until });
  }

  #close(): void {
    this.#consecutive = 0;
    this.#counts.clear();
    this.#enter({ name: "closed" });
  }

  #enter(state: State): void {
    this.#state = state;
    this.#generation++;
    this.#changedAt = this.#clock.now();
  }
}
