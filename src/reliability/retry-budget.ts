import type { Clock } from "../clock.ts";
import type { BudgetSettings } from "./reliability-settings.ts";

/** Time constant of the measured rate of regular calls, in milliseconds. */
const RATE_WINDOW_MS = 10_000;
const SECOND_MS = 1_000;

/** Below this level, no rival attempt and no failover is sent. */
const LOW_LEVEL = 0.5;

/** Calls a second: the larger of the usual rate and the highest count of a recent second. */
class CallRate {
  readonly #clock: Clock;
  /** Sum of calls, each weighted by its age: e-fold in `RATE_WINDOW_MS`. */
  #weight = 0;
  #weighedAt: number;
  /** Number of the current second, its calls, and those of the second before. */
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

/** A token bucket that bounds the additional load caused by the gateway. Successes and time fill it again. */
export class RetryBudget {
  readonly #clock: Clock;
  readonly #settings: () => BudgetSettings;
  readonly #calls: CallRate;
  /** Missing tokens at the time `#at`. */
  #spent = 0;
  #at: number;

  constructor(clock: Clock, settings: () => BudgetSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#calls = new CallRate(clock);
    this.#at = clock.now();
  }

  /** Share of the tokens that remains, 0 to 1. */
  get level(): number {
    const { capacity } = this.#settings();
    this.#fill();
    return capacity === 0 ? 0 : Math.max(0, 1 - this.#spent / capacity);
  }

  /** Whether less than half remains. A bucket without capacity is never low. */
  get isLow(): boolean {
    return this.#spent > 0 && this.level < LOW_LEVEL;
  }

  /**
   * `isLastTarget`: no other target is open. The bucket then holds at least one second of the regular calls, so that
   * a short outage does not empty it.
   */
  canSpend(cost: number, isLastTarget = false): boolean {
    this.#fill();
    const most = isLastTarget ? this.#mostTokens() : this.#settings().capacity;
    return most - this.#spent >= cost;
  }

  /** Takes the price. The bucket never falls below empty. */
  spend(cost: number): void {
    this.#fill();
    this.#spent = Math.min(this.#mostTokens(), this.#spent + cost);
  }

  /** Gives back the price of an attempt that was not sent. */
  refund(cost: number): void {
    this.#spent = Math.max(0, this.#spent - cost);
  }

  /** A success gives back `tokens`, by default the operator's setting. */
  refill(tokens = this.#settings().refill): void {
    this.#spent = Math.max(0, this.#spent - tokens);
  }

  /** Counts a regular call: its first attempt, at any target. */
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
