import type { Clock } from "../clock.ts";
import type { LimitLevel, LimitRule } from "./limit-store.ts";

/** Counters that are remembered. */
const MOST = 10_000;

/** The money that each counter had at the last answer of the store, for the time in which the store is away. */
export class LastSpent {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, { picos: number; endsAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(rules: readonly LimitRule[], levels: readonly LimitLevel[]): void {
    for (let index = 0; index < rules.length; index++) {
      const [rule, level] = [rules[index], levels[index]];
      if (rule?.unit !== "spend" || level === undefined) continue;
      const endsAt = this.#clock.now() + (level.resetMs ?? Number.POSITIVE_INFINITY);
      const known = this.#byKey.get(rule.key);
      if (known === undefined) {
        this.#remember(rule.key, level.used, endsAt);
        continue;
      }
      known.picos = level.used;
      known.endsAt = endsAt;
    }
  }

  #remember(key: string, picos: number, endsAt: number): void {
    if (this.#byKey.size >= MOST) {
      const [oldest] = this.#byKey.keys();
      if (oldest !== undefined) this.#byKey.delete(oldest);
    }
    this.#byKey.set(key, { picos, endsAt });
  }

  /** 0 after the end of the period, and for an unknown counter. */
  of(key: string): number {
    const known = this.#byKey.get(key);
    return known === undefined || this.#clock.now() >= known.endsAt ? 0 : known.picos;
  }
}
