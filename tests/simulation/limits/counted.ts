// What the store of limits was told and has let pass, recorded beside it: the ground truth of the checks.
import type { LimitRule, NewReservation, Settlement } from "../../../src/limits/limit-store.ts";

/** An amount that a generation has taken by a rule. */
export interface Part {
  readonly at: number;
  readonly amount: number;
}

/** A generation that the limits have let pass. */
export interface Counted {
  readonly id: string;
  readonly rules: readonly LimitRule[];
  /** By the key of the rule: the reservation, then its extensions. */
  readonly parts: Map<string, Part[]>;
  /** The first settlement that has reached the store. Undefined: the reserved amounts count. */
  settlement: Settlement | undefined;
}

const amountOf = (rule: LimitRule): number => (rule.unit === "concurrency" ? 1 : rule.take);

/** All generations that the store has let pass, in their order. */
export class CountedGenerations {
  readonly #byId = new Map<string, Counted>();

  get all(): readonly Counted[] {
    return [...this.#byId.values()];
  }

  reserved({ generationId: id, rules }: NewReservation, at: number): void {
    if (this.#byId.has(id)) return;
    this.#byId.set(id, { id, rules, parts: new Map(), settlement: undefined });
    this.extended(id, rules, at);
  }

  extended(id: string, rules: readonly LimitRule[], at: number): void {
    for (const rule of rules) {
      const parts = this.#byId.get(id)?.parts;
      parts?.set(rule.key, [...(parts.get(rule.key) ?? []), { at, amount: amountOf(rule) }]);
    }
  }

  settled(settlement: Settlement): void {
    const known = this.#byId.get(settlement.generationId);
    if (known !== undefined) known.settlement ??= settlement;
  }
}

export function reservedOf({ parts }: Counted, key: string): number {
  return (parts.get(key) ?? []).reduce((sum, { amount }) => sum + amount, 0);
}

/** What counts by a rule in the end: the use, or without a settlement what was reserved. */
export function finalOf(counted: Counted, { unit, key }: LimitRule): number {
  const { settlement } = counted;
  const reserved = reservedOf(counted, key);
  if (settlement === undefined) return unit === "concurrency" ? 0 : reserved;
  switch (unit) {
    case "requests":
      return settlement.requests;
    case "tokens":
      return settlement.tokens ?? reserved;
    case "spend":
      return settlement.picos ?? reserved;
    case "concurrency":
      return 0;
  }
}

/** What counts from a moment on: use beyond the reservation is the latest part's, and what is unused is taken off it first. */
export function finalSince(counted: Counted, rule: LimitRule, since: number): number {
  const parts = counted.parts.get(rule.key) ?? [];
  let more = finalOf(counted, rule) - reservedOf(counted, rule.key);
  let found = 0;
  for (const { at, amount } of parts.toReversed()) {
    const part = Math.max(0, amount + more);
    more += amount - part;
    if (at >= since) found += part;
  }
  return found;
}
