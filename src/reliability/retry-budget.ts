import type { BudgetSettings } from "./settings.ts";

/**
 * A token bucket that bounds what retries add to the load of one provider
 * instance: success pays for them, and without success they run out.
 */
export class RetryBudget {
  readonly #settings: () => BudgetSettings;
  #tokens: number;

  constructor(settings: () => BudgetSettings) {
    this.#settings = settings;
    this.#tokens = settings().capacity;
  }

  /** What is left, 0 to 1. */
  get level(): number {
    const { capacity } = this.#settings();
    return capacity === 0 ? 0 : Math.min(1, this.#tokens / capacity);
  }

  canSpend(cost: number): boolean {
    return this.#tokens >= cost;
  }

  /** Only after `canSpend`. */
  spend(cost: number): void {
    this.#tokens -= cost;
  }

  /** What was spent paid for an attempt that was not sent. */
  refund(cost: number): void {
    this.#tokens = Math.min(this.#settings().capacity, this.#tokens + cost);
  }

  /** An attempt that is no retry has reached content. */
  refill(): void {
    const { capacity, refill } = this.#settings();
    this.#tokens = Math.min(capacity, this.#tokens + refill);
  }
}
