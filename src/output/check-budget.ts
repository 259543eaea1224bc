import type { Clock } from "../clock.ts";

/** Longest time that the checks of one caller may take in a row, in milliseconds of the thread. */
export const BUDGET_MS = 1_000;
/** Share of the thread's time that one caller's checks may take in the long run. */
const SHARE = 0.25;
/** Checks of up to this many milliseconds are free: ordinary schemas take no longer. */
const FREE_MS = 5;
/**
 * Lowest charge in milliseconds for a check that timed out. On a busy machine it occupies the thread for longer
 * than it runs.
 */
const IN_VAIN_MS = 100;
/** Most callers whose spending is remembered. Most callers have spent nothing. */
const MAX_CALLERS = 1_024;

interface Spent {
  ms: number;
  /** Time of the last update, by the clock. */
  at: number;
}

/** Thread time that the schema checks of each caller may take. */
export class CheckBudget {
  readonly #clock: Clock;
  readonly #spent = new Map<string, Spent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(caller: string): boolean {
    return this.#spentBy(caller) < BUDGET_MS;
  }

  /**
   * Charges a check. Spending beyond the budget is a debt that must be paid off before the next check. `isInVain`:
   * the check gave no verdict.
   */
  spend(caller: string, ms: number, isInVain: boolean): void {
    if (ms <= FREE_MS) return;
    const spent = this.#spentBy(caller) + (isInVain ? Math.max(ms, IN_VAIN_MS) : ms);
    if (!this.#spent.has(caller) && this.#spent.size >= MAX_CALLERS) this.#forget();
    this.#spent.set(caller, { ms: spent, at: this.#clock.now() });
  }

  #spentBy(caller: string): number {
    const spent = this.#spent.get(caller);
    return spent === undefined ? 0 : this.#left(spent);
  }

  #left({ ms, at }: Spent): number {
    return Math.max(0, ms - (this.#clock.now() - at) * SHARE);
  }

  /** Forgets callers without debt; if there are none, the caller that has been in debt longest. */
  #forget(): void {
    for (const [caller, spent] of this.#spent) {
      if (this.#left(spent) === 0) this.#spent.delete(caller);
    }
    const [first] = this.#spent.keys();
    if (first !== undefined && this.#spent.size >= MAX_CALLERS) this.#spent.delete(first);
  }
}
