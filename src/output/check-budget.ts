import type { Clock } from "../clock.ts";

/** What the checks of one caller may take in a row, in milliseconds of the thread. */
export const BUDGET_MS = 1_000;
/** The part of the time that they may take in the long run. */
const SHARE = 0.25;
/** A check of so many milliseconds is what schemas of honest callers take, however many there are: it is free. */
const FREE_MS = 5;
/** Least price of a check that ran out of time: on a busy machine it occupies the thread for longer than it runs. */
const IN_VAIN_MS = 100;
/** Callers of whom the service remembers what their checks took; of most there is nothing to remember. */
const MAX_CALLERS = 1_024;

interface Spent {
  ms: number;
  /** When that was, by the clock. */
  at: number;
}

/** Time that the schema checks of each caller may take. */
export class CheckBudget {
  readonly #clock: Clock;
  readonly #spent = new Map<string, Spent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(caller: string): boolean {
    return this.#spentBy(caller) < BUDGET_MS;
  }

  /** What is spent beyond the budget is a debt: it is paid before the next check. `isInVain`: it has no verdict. */
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

  /** Those who have paid for all; if that is nobody, the one that has owed for longest. */
  #forget(): void {
    for (const [caller, spent] of this.#spent) {
      if (this.#left(spent) === 0) this.#spent.delete(caller);
    }
    const [first] = this.#spent.keys();
    if (first !== undefined && this.#spent.size >= MAX_CALLERS) this.#spent.delete(first);
  }
}
