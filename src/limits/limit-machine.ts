// The rules of reservations for the memory and SQLite. `redis/limits.lua` has the same rules for Redis.
import type {
  ConcurrencyRule,
  Held,
  LimitLevel,
  LimitRule,
  NewReservation,
  ReserveAnswer,
  Settlement,
  SpendRule,
  WindowRule,
} from "./limit-store.ts";
import type { LimitTables, Reservation, Taken } from "./limit-tables.ts";
import { periodAt } from "./period-at.ts";
import { type AmountTaken, amountOf, isOfOneRule, isRepeated, mostOf } from "./taken-amounts.ts";
import {
  add,
  dropOld,
  emptyIn,
  giveBack,
  sumOf,
  type WindowState,
  waitFor,
} from "./window-counter.ts";

/** Milliseconds between the longest time of a generation and the moment from which on the generation counts as lost. */
const LATE_MS = 60_000;
/** Milliseconds for which a movable generation of a dead replica waits for another replica. */
const MOVE_MS = 60_000;
/** Milliseconds for which an unused counter is kept, because a clock can step back. */
const KEPT_MS = 60_000;

export interface LimitMoment {
  /** The store's time in milliseconds since the epoch. */
  readonly now: number;
  readonly isAlive: (session: string) => boolean;
}

type WindowTaken = Extract<Taken, { unit: "requests" | "tokens" }>;
type SpendTaken = Extract<Taken, { unit: "spend" }>;
type LevelNow = { -readonly [Key in keyof LimitLevel]: LimitLevel[Key] };

/** A rule that has been read, with what it needs to take. `level` is the answer, and changes when the rule takes. */
type Checked =
  | { readonly level: LevelNow; readonly rule: ConcurrencyRule }
  | { readonly level: LevelNow; readonly rule: WindowRule; readonly state: WindowState }
  | {
      readonly level: LevelNow;
      readonly rule: SpendRule;
      readonly counter: string;
      readonly expiresAt: number;
    };

/** The field of a settlement that has the amount of a unit. */
const USED = {
  requests: "requests",
  tokens: "tokens",
  spend: "picos",
} as const satisfies Record<AmountTaken["unit"], keyof Settlement>;

/** Names of counters of spend that are kept, because a new string is slow to look up. */
const MOST_NAMES = 10_000;

export class LimitMachine {
  readonly #tables: LimitTables;
  /** When a session was first seen dead. */
  readonly #deadSince = new Map<string, number>();
  /** The latest counter of each rule of spend. */
  readonly #counters = new Map<string, { readonly startMs: number; readonly counter: string }>();

  constructor(tables: LimitTables) {
    this.#tables = tables;
  }

  reserve(reservation: NewReservation, { now }: LimitMoment): ReserveAnswer {
    const { generationId, session, canMove, totalMs, rules } = reservation;
    if (this.#tables.reservation(generationId) !== undefined) {
      return { state: "reserved", levels: this.#levels(rules, now) };
    }
    const expiresAt = now + totalMs + LATE_MS;
    return this.#takeAll(generationId, { session, canMove, expiresAt, taken: [] }, rules, now);
  }

  extend(generationId: string, rules: readonly LimitRule[], { now }: LimitMoment): ReserveAnswer {
    const known = this.#tables.reservation(generationId);
    if (known === undefined) return { state: "gone", levels: this.#levels(rules, now) };
    return this.#takeAll(generationId, known, rules, now);
  }

  /** Adds to the reservation by all rules, or by none. */
  #takeAll(
    generationId: string,
    reservation: Reservation,
    rules: readonly LimitRule[],
    now: number,
  ): ReserveAnswer {
    const checked = rules.map((rule) => this.#check(rule, now));
    const levels = checked.map(({ level }) => level);
    if (levels.some(({ refused }) => refused !== undefined)) return { state: "refused", levels };
    const more = checked.map((each) => this.#take(each, generationId, now));
    const { session, canMove, expiresAt, taken: before } = reservation;
    const taken = before.length === 0 ? more : [...before, ...more];
    this.#tables.putReservation(generationId, { session, canMove, expiresAt, taken });
    return { state: "reserved", levels };
  }

  settle(settlements: readonly Settlement[], { now }: LimitMoment): void {
    for (const settlement of settlements) {
      const { generationId } = settlement;
      const known = this.#tables.reservation(generationId);
      if (known === undefined) continue;
      this.#tables.removeReservation(generationId);
      this.#end(generationId, known, settlement, now);
    }
  }

  move(generationId: string, session: string): Held | undefined {
    const known = this.#tables.reservation(generationId);
    if (known === undefined) return undefined;
    this.#tables.putReservation(generationId, { ...known, session });
    return { tokens: mostOf(known.taken, "tokens"), picos: mostOf(known.taken, "spend") };
  }

  /** Settles lost reservations at their reserved amounts. Returns their number. */
  reap(limit: number, { now, isAlive }: LimitMoment): number {
    const lost = new Set(this.#tables.expired(now, limit));
    const sessions = this.#tables.sessions();
    for (const session of this.#deadSince.keys()) {
      if (!sessions.includes(session)) this.#deadSince.delete(session);
    }
    for (const session of sessions) {
      if (isAlive(session)) {
        this.#deadSince.delete(session);
        continue;
      }
      const since = this.#deadSince.get(session) ?? now;
      this.#deadSince.set(session, since);
      for (const id of this.#tables.ofSession(session, limit)) {
        const isLeft = this.#tables.reservation(id)?.canMove === true && now - since < MOVE_MS;
        if (!isLeft && lost.size < limit) lost.add(id);
      }
    }
    for (const generationId of lost) {
      const known = this.#tables.reservation(generationId);
      if (known === undefined) continue;
      this.#tables.removeReservation(generationId);
      this.#end(generationId, known, undefined, now);
    }
    this.#tables.sweep(now);
    return lost.size;
  }

  /** Ends the leases and corrects the counters by the used amounts. A unit without a used amount keeps the reserved one. */
  #end(
    generationId: string,
    { taken }: Reservation,
    used: Settlement | undefined,
    now: number,
  ): void {
    for (let place = 0; place < taken.length; place++) {
      const first = taken[place];
      if (first === undefined) break;
      if (first.unit === "concurrency") {
        this.#tables.removeLease(first.key, generationId);
        continue;
      }
      const actual = used?.[USED[first.unit]];
      // An extension has taken by the same rule again: the first part settles for all of them.
      if (actual === undefined || isRepeated(taken, place)) continue;
      const more = actual - amountOf(taken, first);
      if (more === 0) continue;
      if (first.unit === "spend") this.#settleSpent(first, taken, more);
      else this.#settleWindow(first, taken, more, now);
    }
  }

  /** Gives unused amounts back to their periods. An amount beyond the reservation counts in the latest of them. */
  #settleSpent(first: SpendTaken, taken: readonly Taken[], more: number): void {
    let left = more;
    for (let place = taken.length - 1; place >= 0 && left !== 0; place--) {
      const part = taken[place];
      if (part?.unit !== "spend" || !isOfOneRule(part, first)) continue;
      const { key, amount, expiresAt } = part;
      const change = Math.max(left, -amount);
      this.#tables.putSpent(key, Math.max(0, this.#tables.spent(key) + change), expiresAt);
      left -= change;
    }
  }

  /** Gives unused amounts back to their sub-buckets. An amount beyond the reservation counts from now on. */
  #settleWindow(
    { key, windowMs }: WindowTaken,
    taken: readonly Taken[],
    more: number,
    now: number,
  ): void {
    const state = this.#tables.window(key);
    dropOld(state, now, windowMs);
    if (more > 0) add(state, now, windowMs, more);
    let left = Math.max(0, -more);
    for (let place = taken.length - 1; place >= 0 && left > 0; place--) {
      const part = taken[place];
      if (part?.key !== key || part.unit === "spend" || part.unit === "concurrency") continue;
      const back = Math.min(part.amount, left);
      giveBack(state, part.bucket, back);
      left -= back;
    }
    this.#putWindow(key, state, now, windowMs);
  }

  #putWindow(key: string, state: WindowState, now: number, windowMs: number): void {
    this.#tables.putWindow(key, state, now + emptyIn(state, now, windowMs) + KEPT_MS);
  }

  /** The levels of the rules, without taking or refusing anything. */
  #levels(rules: readonly LimitRule[], now: number): LimitLevel[] {
    return rules.map((rule) => {
      const { used, resetMs } = this.#check(rule, now).level;
      return { used, resetMs };
    });
  }

  /** Reads the counter of a rule, and refuses by its level. */
  #check(rule: LimitRule, now: number): Checked {
    switch (rule.unit) {
      case "concurrency":
        return this.#checkLeases(rule);
      case "spend":
        return this.#checkSpent(rule, now);
      default:
        return this.#checkWindow(rule, now);
    }
  }

  #checkLeases(rule: ConcurrencyRule): Checked {
    const level: LevelNow = { used: this.#tables.leases(rule.key), resetMs: undefined };
    if (level.used >= rule.most) level.refused = { waitMs: undefined };
    return { level, rule };
  }

  #checkWindow(rule: WindowRule, now: number): Checked {
    const { key, most, windowMs, take } = rule;
    const state = this.#tables.window(key);
    dropOld(state, now, windowMs);
    const used = sumOf(state);
    const level: LevelNow = { used, resetMs: emptyIn(state, now, windowMs) };
    if (used + take > most) {
      const waitMs = take > most ? undefined : waitFor(state, now, windowMs, used + take - most);
      level.refused = { waitMs };
    }
    return { level, rule, state };
  }

  #checkSpent(rule: SpendRule, now: number): Checked {
    const { most, borders, take } = rule;
    const { startMs, endMs } = periodAt(borders, now);
    const counter = this.#counterOf(rule.key, startMs);
    const used = this.#tables.spent(counter);
    const resetMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs - now;
    const level: LevelNow = { used, resetMs };
    if (used + take > most) level.refused = { waitMs: take > most ? undefined : resetMs };
    const expiresAt = resetMs === undefined ? 0 : endMs + KEPT_MS;
    return { level, rule, counter, expiresAt };
  }

  /** The name of a counter of spend in the period that begins at `startMs`. */
  #counterOf(key: string, startMs: number): string {
    const known = this.#counters.get(key);
    if (known?.startMs === startMs) return known.counter;
    if (this.#counters.size >= MOST_NAMES) this.#counters.clear();
    const counter = `${key}|${startMs}`;
    this.#counters.set(key, { startMs, counter });
    return counter;
  }

  /** Takes by a rule that lets the generation pass. */
  #take(checked: Checked, generationId: string, now: number): Taken {
    const { level, rule } = checked;
    if ("state" in checked) return this.#takeOfWindow(checked, now);
    if ("counter" in checked) return this.#takeOfSpent(checked);
    this.#tables.addLease(rule.key, generationId);
    level.used++;
    return { unit: "concurrency", key: rule.key };
  }

  #takeOfWindow(
    { level, rule, state }: Extract<Checked, { state: WindowState }>,
    now: number,
  ): Taken {
    const { unit, key, windowMs, take } = rule;
    const bucket = add(state, now, windowMs, take);
    this.#putWindow(key, state, now, windowMs);
    level.used += take;
    level.resetMs = emptyIn(state, now, windowMs);
    return { unit, key, amount: take, windowMs, bucket };
  }

  #takeOfSpent({ level, rule, counter, expiresAt }: Extract<Checked, { counter: string }>): Taken {
    level.used += rule.take;
    this.#tables.putSpent(counter, level.used, expiresAt);
    return { unit: "spend", key: counter, amount: rule.take, expiresAt };
  }
}
