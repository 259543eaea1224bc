import type { Clock } from "../clock.ts";
import type { BudgetSettings } from "./reliability-settings.ts";

/** Time over which the rate of usual calls is measured, in milliseconds. */
const RATE_WINDOW_MS = 10_000;
const SECOND_MS = 1_000;

/** Below this level no rival attempt and no failover is sent. */
const LOW_LEVEL = 0.5;

/** Calls of a second: their usual rate, or as many as a single second had lately. */
class CallRate {
  readonly #clock: Clock;
  /** Each call weighs less the longer ago it was: e-fold in `RATE_WINDOW_MS`. */
  #weight = 0;
  #weighedAt: number;
  /** Calls of this second and of the one before. */
  #second = 0;
  #now = 0;
  #before = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#weighedAt = clock.now();
  }

  add(): void {
    const now = this.#clock.now();
    this.#weight = this.#weightAt(now) + 1;
    this.#weighedAt = now;
    this.#turn(now);
    this.#now++;
  }

  perSecond(): number {
    if (this.#weight === 0) return 0;
    const now = this.#clock.now();
    this.#turn(now);
    return Math.max((this.#weightAt(now) * SECOND_MS) / RATE_WINDOW_MS, this.#now, this.#before);
  }

  #weightAt(now: number): number {
    return this.#weight * Math.exp((this.#weighedAt - now) / RATE_WINDOW_MS);
  }

  #turn(now: number): void {
    const second = Math.floor(now / SECOND_MS);
    if (second === this.#second) return;
    this.#before = second === this.#second + 1 ? this.#now : 0;
    this.#now = 0;
    this.#second = second;
  }
}

/**
 * A token bucket that bounds load which the gateway adds somewhere. Successes and the
 * passing of time fill it again.
 */
export class RetryBudget {
  readonly #clock: Clock;
  readonly #settings: () => BudgetSettings;
  readonly #calls: CallRate;
  /** Tokens that are missing, as of `#at`. */
  #spent = 0;
  #at: number;

  constructor(clock: Clock, settings: () => BudgetSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#calls = new CallRate(clock);
    this.#at = clock.now();
  }

  /** Share of the tokens that remains, from 0 to 1. */
  get level(): number {
    const { capacity } = this.#settings();
    this.#fill();
    return capacity === 0 ? 0 : Math.max(0, 1 - this.#spent / capacity);
  }

  /** Less than half remains. A bucket without capacity is never low. */
  get isLow(): boolean {
    return this.#spent > 0 && this.level < LOW_LEVEL;
  }

  /**
   * `isLastTarget`: no other target is open. A short outage must not use up the bucket then:
   * it holds one second of the usual calls.
   */
  canSpend(cost: number, isLastTarget = false): boolean {
    this.#fill();
    const most = isLastTarget ? this.#mostTokens() : this.#settings().capacity;
    return most - this.#spent >= cost;
  }

  /** Takes the price; the debt ends at an empty bucket. */
  spend(cost: number): void {
    this.#fill();
    this.#spent = Math.min(this.#mostTokens(), this.#spent + cost);
  }

  /** The attempt that was paid for was not sent. */
  refund(cost: number): void {
    this.#spent = Math.max(0, this.#spent - cost);
  }

  /** Something succeeded: gives back what the operator has set, or so many tokens. */
  refill(tokens = this.#settings().refill): void {
    this.#spent = Math.max(0, this.#spent - tokens);
  }

  /** A usual call is sent: its first attempt, wherever the engine sends it. */
  called(): void {
    this.#calls.add();
  }

  #mostTokens(): number {
    const { capacity, transientCost } = this.#settings();
    // A bucket that the operator has closed stays closed.
    if (capacity === 0) return 0;
    return Math.max(capacity, this.#calls.perSecond() * transientCost);
  }

  #fill(): void {
    const now = this.#clock.now();
    if (this.#spent > 0) {
      const most = this.#mostTokens();
      const filled = ((now - this.#at) / this.#settings().fillMs) * most;
      this.#spent = Math.max(0, Math.min(most, this.#spent) - filled);
    }
    this.#at = now;
  }
}
