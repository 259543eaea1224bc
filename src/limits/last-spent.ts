import type { Clock } from "../clock.ts";
import type { LimitLevel, LimitRule } from "./limit-store.ts";

/** Counters that are remembered. */
const MOST = 10_000;

/** The money that each counter had at the last answer of the store, for the time in which the store is away. */
export class LastSpent {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, { readonly picos: number; readonly endsAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(rules: readonly LimitRule[], levels: readonly LimitLevel[]): void {
    for (const [index, { unit, key }] of rules.entries()) {
      const level = levels[index];
      if (unit !== "spend" || level === undefined) continue;
      const endsAt = this.#clock.now() + (level.resetMs ?? Number.POSITIVE_INFINITY);
      this.#byKey.delete(key);
      const [oldest] = this.#byKey.keys();
      if (this.#byKey.size >= MOST && oldest !== undefined) this.#byKey.delete(oldest);
      this.#byKey.set(key, { picos: level.used, endsAt });
    }
  }

  /** 0 after the end of the period, and for an unknown counter. */
  of(key: string): number {
    const known = this.#byKey.get(key);
    return known === undefined || this.#clock.now() >= known.endsAt ? 0 : known.picos;
  }
}
