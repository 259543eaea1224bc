// The limits of a caller and of its group as rules of the store.
import type { CallerLimits, SpendPeriod, UseLimits } from "../domain/caller-limits.ts";
import { costText } from "../domain/cost.ts";
import type { Model } from "../domain/model.ts";
import type { AttemptNeed } from "../ports/call-limits.ts";
import type { ConcurrencyRule, LimitRule, SpendRule, WindowRule } from "./limit-store.ts";
import { createModelMatch } from "./model-match.ts";
import type { SpendPeriods } from "./spend-periods.ts";

/** The caller or the group that has the limits. */
export interface LimitOwner {
  readonly scope: "caller" | "group";
  readonly id: string;
  readonly limits: CallerLimits;
}

/** A limit with its rule in the store. */
export interface CompiledLimit {
  readonly owner: LimitOwner;
  /** In words: "60 requests in 1m". */
  readonly text: string;
  /** Undefined: of all models. */
  readonly matches: ((model: Model) => boolean) | undefined;
  /** Undefined: money of another currency. */
  readonly currency: string | undefined;
  readonly rule: Unsized;
}

type WithoutTake<T> = T extends unknown ? Omit<T, "take"> : never;
/** A rule without the amount of a generation, and without the time. */
export type Unsized =
  | WithoutTake<WindowRule>
  | ConcurrencyRule
  | (WithoutTake<Omit<SpendRule, "borders">> & { readonly period: SpendPeriod });

const WINDOW_NAMES: Readonly<Record<number, string>> = {
  1000: "a second",
  60000: "a minute",
  3600000: "an hour",
  86400000: "a day",
};

function windowName(windowMs: number): string {
  return WINDOW_NAMES[windowMs] ?? `${windowMs} ms`;
}

/** The name of a counter. A limit with another window or period has another counter. */
function counterOf({ scope, id }: LimitOwner, match: string, ...rest: (string | number)[]): string {
  return [scope, id, match, ...rest].join("|");
}

function* limitsOf(owner: LimitOwner, use: UseLimits, match: string): Generator<CompiledLimit> {
  const matches = match === "" ? undefined : createModelMatch(match);
  const common = { owner, matches, currency: undefined };
  const about = match === "" ? "" : ` of ${match}`;
  for (const unit of ["requests", "tokens"] as const) {
    for (const { amount, windowMs } of use[unit] ?? []) {
      const key = counterOf(owner, match, unit, windowMs);
      const text = `${amount} ${unit}${about} in ${windowName(windowMs)}`;
      yield { ...common, text, rule: { unit, key, most: amount, windowMs } };
    }
  }
  if (use.concurrency !== undefined) {
    const key = counterOf(owner, match, "concurrency");
    const text = `${use.concurrency} calls${about} at a time`;
    yield { ...common, text, rule: { unit: "concurrency", key, most: use.concurrency } };
  }
  for (const { period, currency, picos } of use.spend ?? []) {
    const key = counterOf(owner, match, "spend", period, currency);
    const amount = costText({ currency, totalPicos: picos });
    const text =
      period === "total" ? `${amount}${about} in total` : `${amount}${about} a ${period}`;
    yield { ...common, currency, text, rule: { unit: "spend", key, most: picos, period } };
  }
}

/**
 * All limits of a caller or a group. Of two limits with one counter, such as `requests` and `burst` of a minute each, the
 * lower one holds: a call counts once.
 */
export function compileLimits(owner: LimitOwner): readonly CompiledLimit[] {
  const { narrowed = [], ...use } = owner.limits;
  const all = [
    ...limitsOf(owner, use, ""),
    ...narrowed.flatMap(({ match, ...own }) => [...limitsOf(owner, own, match)]),
  ];
  const byCounter = new Map<string, CompiledLimit>();
  for (const limit of all) {
    const known = byCounter.get(limit.rule.key);
    if (known === undefined || limit.rule.most < known.rule.most) {
      byCounter.set(limit.rule.key, limit);
    }
  }
  return [...byCounter.values()];
}

/** The limits that hold for a model; `units`: those of these units alone. */
export function limitsFor(
  limits: readonly CompiledLimit[],
  model: Model,
  units?: readonly LimitRule["unit"][],
): CompiledLimit[] {
  return limits.filter(
    ({ matches, currency, rule }) =>
      (matches === undefined || matches(model)) &&
      (currency === undefined || currency === model.pricing?.currency) &&
      (units === undefined || units.includes(rule.unit)),
  );
}

/** The rule with the amount of a generation, and with the periods around now. */
export function sized(
  { rule }: CompiledLimit,
  need: AttemptNeed,
  periods: Pick<SpendPeriods, "borders">,
): LimitRule {
  switch (rule.unit) {
    case "requests":
    case "tokens": {
      const { unit, key, most, windowMs } = rule;
      return { unit, key, most, windowMs, take: unit === "requests" ? 1 : need.tokens };
    }
    case "spend": {
      const { unit, key, most, period } = rule;
      return { unit, key, most, borders: periods.borders(period), take: need.picos ?? 0 };
    }
    case "concurrency":
      return rule;
  }
}
