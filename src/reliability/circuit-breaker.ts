import type { Clock } from "../clock.ts";
import type { HealthSettings } from "./reliability-settings.ts";
import { RollingCounts } from "./rolling-counts.ts";

/** Each state holds only what it needs. Times are the clock's milliseconds. */
type State =
  | { readonly name: "closed" }
  | { readonly name: "open"; readonly until: number }
  /**
   * `leaseEnd`: the running probe excludes other calls until then; in the past: the next call may be sent.
   * `ejectedUntil`: the end of the ejection; in the future if the probe did not wait for it.
   */
  | { readonly name: "half-open"; leaseEnd: number; readonly ejectedUntil: number };

export type CircuitState = State["name"];

/**
 * One call's permission to be sent. Each method may be called once at most, and `release`, `fail` or `withdraw` ends
 * the permit.
 */
export interface CircuitPermit {
  readonly isProbe: boolean;
  /** The first content has arrived, so the target works. */
  succeed(): void;
  /**
   * The target failed. `weight`: share of a failure, 0 to 1. `request` identifies the request: one that fails again
   * while other requests succeed is no evidence.
   */
  fail(weight: number, request?: string): void;
  /** The call ended after `succeed`, or was cancelled before the target showed anything. */
  release(): void;
  /** The call is no evidence about the target and is not counted. */
  withdraw(): void;
}

/** The evidence that opened a circuit. */
export type CircuitEvidence =
  | { readonly type: "failures-in-a-row"; readonly failures: number; readonly spanMs: number }
  | { readonly type: "failure-rate"; readonly failures: number; readonly requests: number }
  | { readonly type: "probe-failed" };

/** A change of state for operators. */
export type CircuitChange =
  | { readonly state: "open"; readonly forMs: number; readonly evidence: CircuitEvidence }
  | { readonly state: "closed"; readonly afterMs: number };

export interface CircuitSnapshot {
  readonly state: CircuitState;
  readonly consecutiveFailures: number;
  readonly windowRequests: number;
  /** An overload counts as a part of a failure. */
  readonly windowFailures: number;
  readonly changedAt: number;
  /** Time at which an open circuit lets a probe through. */
  readonly nextProbeAt: number | undefined;
}

/** A lease lasts this many times the probe's own limit, so that only a lost probe's lease expires. */
const LEASE_FACTOR = 2;
/** Random share of an ejection. It only shortens, so that the longest ejection stays the configured one. */
const EJECTION_JITTER = 0.2;
/** Most failed requests that are remembered. */
const MAX_MARKS = 64;

/**
 * The circuit of one target. A call that began before the circuit's last change of state is no evidence about the new
 * state, so permits carry the number of the state.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: () => HealthSettings;
  readonly #counts = new RollingCounts();
  #state: State = { name: "closed" };
  #changedAt: number;
  #generation = 0;
  #consecutive = 0;
  /** Time of the first failure in the current row. */
  #rowSince = 0;
  /** Number of calls that succeeded. */
  #completed = 0;
  #ejections = 0;
  #openedAt = 0;
  /** Failed requests, each with the value of `#completed` at its failure. */
  readonly #marks = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #onChange: (change: CircuitChange) => void;

  constructor(
    clock: Clock,
    settings: () => HealthSettings,
    onChange: (change: CircuitChange) => void = () => {},
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.#onChange = onChange;
    this.#changedAt = clock.now();
  }

  get state(): CircuitState {
    return this.#state.name;
  }

  /** Time at which a call may be sent: in the past if one may now, otherwise the time of the next probe. */
  get openAt(): number {
    const state = this.#state;
    if (state.name === "closed") return 0;
    return state.name === "open" ? state.until : state.leaseEnd;
  }

  /** Ejections in a row. A failed probe adds one if it waited for the end of the previous ejection. */
  get ejections(): number {
    return this.#ejections;
  }

  /** `panic`: an ejection that has not ended is ignored; a running probe is not. */
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
    if (state.name === "open") {
      this.#enter({ name: "half-open", leaseEnd, ejectedUntil: state.until });
    } else state.leaseEnd = leaseEnd;
    return this.#permit(true, leaseEnd);
  }

  /** Resolves when a call may be sent that could not before, or after `ms`. Rejects on abort. */
  changed(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        cancel();
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", abort);
      };
      const wake = (): void => {
        stop();
        resolve();
      };
      const abort = (): void => {
        stop();
        reject(signal.reason);
      };
      const cancel = this.#clock.schedule(ms, wake);
      this.#waiting.add(wake);
      signal.addEventListener("abort", abort);
    });
  }

  /** Closes the circuit and clears its counts. */
  reset(): void {
    this.#ejections = 0;
    this.#close();
  }

  /**
   * Takes over what another worker has found: the circuit is open for so long, or closed (0). Is not told as a change of
   * this circuit. A probe of this circuit that still runs is no evidence any more.
   */
  adopt(forMs: number): void {
    const now = this.#clock.now();
    const state = this.#state;
    if (forMs === 0) {
      if (state.name !== "closed") this.#enterClosed();
      return;
    }
    if (state.name === "open" && state.until >= now + forMs) return;
    if (state.name === "closed") this.#openedAt = now;
    this.#enter({ name: "open", until: now + forMs });
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
    let erasedSince = 0;
    /** Number of successful calls when this call reached its content. */
    let completedBefore: number | undefined;
    const giveBackLease = (): void => {
      const state = this.#state;
      // If this probe's lease expired, another probe holds the lease.
      if (isProbe && generation === this.#generation && state.name === "half-open") {
        if (state.leaseEnd !== leaseEnd || this.#goesOnEjected()) return;
        state.leaseEnd = this.#clock.now();
        this.#wake();
      }
    };
    const withdraw = (): void => {
      const { windowMs } = this.#settings();
      const isCounted = !isProbe && generation === this.#generation;
      if (isCounted) this.#counts.withdraw(this.#clock.now(), windowMs);
      giveBackLease();
    };
    return {
      isProbe,
      succeed: () => {
        if (generation !== this.#generation) return;
        erased = this.#consecutive;
        erasedSince = this.#rowSince;
        completedBefore = this.#completed;
        this.#consecutive = 0;
        if (this.#state.name === "half-open") this.#close();
      },
      fail: (weight, request) => {
        if (generation !== this.#generation) return;
        if (this.#isKnownToFail(request)) return withdraw();
        // The first content of this call ended the row of failures too early, unless another call has succeeded
        // since.
        if (completedBefore !== this.#completed) erased = 0;
        this.#lengthenRow(weight, erased, erasedSince);
        if (this.#goesOnEjected()) return;
        if (this.#state.name === "half-open") return this.#eject({ type: "probe-failed" });
        const { windowMs } = this.#settings();
        this.#counts.failure(this.#clock.now(), windowMs, weight);
        const evidence = this.#evidence();
        if (evidence !== undefined) this.#eject(evidence);
      },
      release: () => {
        if (completedBefore !== undefined) this.#completed++;
        giveBackLease();
      },
      withdraw,
    };
  }

  /**
   * Returns to the ejection after a probe that did not wait for its end, because such a probe must change nothing.
   */
  #goesOnEjected(): boolean {
    const state = this.#state;
    if (state.name !== "half-open" || state.ejectedUntil <= this.#clock.now()) return false;
    this.#enter({ name: "open", until: state.ejectedUntil });
    return true;
  }

  /** Whether this request failed here before and another call has succeeded since. */
  #isKnownToFail(request: string | undefined): boolean {
    if (request === undefined) return false;
    const completed = this.#marks.get(request);
    if (completed !== undefined) return completed < this.#completed;
    const [oldest] = this.#marks.keys();
    if (oldest !== undefined && this.#marks.size >= MAX_MARKS) this.#marks.delete(oldest);
    this.#marks.set(request, this.#completed);
    return false;
  }

  #lengthenRow(weight: number, erased: number, erasedSince: number): void {
    if (erased > this.#consecutive) {
      this.#consecutive = erased;
      this.#rowSince = erasedSince;
    }
    if (this.#consecutive === 0) this.#rowSince = this.#clock.now();
    this.#consecutive += weight;
  }

  /** The evidence against the target; undefined: too little for an ejection. */
  #evidence(): CircuitEvidence | undefined {
    const settings = this.#settings();
    const now = this.#clock.now();
    const spanMs = now - this.#rowSince;
    if (this.#consecutive >= settings.consecutiveFailures && spanMs >= settings.minSpanMs) {
      const failures = Math.floor(this.#consecutive);
      return { type: "failures-in-a-row", failures, spanMs };
    }
    const { requests, failures, failingSince = now } = this.#counts.totals(now, settings.windowMs);
    const isFailing =
      requests >= settings.minRequests && failures >= settings.failureRate * requests;
    return isFailing && now - failingSince >= settings.minSpanMs
      ? { type: "failure-rate", failures: Math.floor(failures), requests }
      : undefined;
  }

  #eject(evidence: CircuitEvidence): void {
    const { ejectionMs, maxEjectionMs, windowMs } = this.#settings();
    const now = this.#clock.now();
    const { name } = this.#state;
    // A circuit that was closed for a whole window has recovered.
    if (name === "closed" && now - this.#changedAt > windowMs) this.#ejections = 0;
    if (name === "closed") this.#openedAt = now;
    const longest = Math.min(maxEjectionMs, ejectionMs * 2 ** this.#ejections);
    this.#ejections = Math.min(this.#ejections + 1, 30);
    const forMs = longest * (1 - EJECTION_JITTER * this.#clock.random());
    this.#enter({ name: "open", until: now + forMs });
    this.#onChange({ state: "open", forMs, evidence });
  }

  #close(): void {
    const wasClosed = this.#state.name === "closed";
    this.#enterClosed();
    if (!wasClosed)
      this.#onChange({ state: "closed", afterMs: this.#clock.now() - this.#openedAt });
  }

  #enterClosed(): void {
    this.#consecutive = 0;
    this.#counts.clear();
    this.#marks.clear();
    this.#enter({ name: "closed" });
  }

  #enter(state: State): void {
    this.#state = state;
    this.#generation++;
    this.#changedAt = this.#clock.now();
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
