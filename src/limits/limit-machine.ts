// The rules of reservations for the memory and SQLite. `redis/limits.lua` has the same rules for Redis.
import type {
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
type AmountTaken = WindowTaken | SpendTaken;

/** The most that one rule of a unit has taken: rules of a unit count the same. */
function mostOf({ taken }: Reservation, unit: AmountTaken["unit"]): number {
  const byKey = new Map<string, number>();
  for (const each of taken) {
    if (each.unit !== unit) continue;
    byKey.set(each.key, (byKey.get(each.key) ?? 0) + each.amount);
  }
  return Math.max(0, ...byKey.values());
}

/** A rule that lets a generation pass, and how to take by the rule. */
interface Passed {
  readonly level: LimitLevel;
  readonly take: (generationId: string) => { readonly taken: Taken; readonly level: LimitLevel };
}

type Checked = Passed | { readonly level: LimitLevel; readonly take?: undefined };

/** The name of a counter of spend in the period of now. */
function spendKey(key: string, startMs: number): string {
  return `${key}|${startMs}`;
}

export class LimitMachine {
  readonly #tables: LimitTables;
  /** When a session was first seen dead. */
  readonly #deadSince = new Map<string, number>();

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
    const checked = this.#check(rules, now);
    const taken = [...reservation.taken];
    for (const { take } of checked) {
      if (take === undefined)
        return { state: "refused", levels: checked.map((each) => each.level) };
    }
    const levels = checked.map((each) => {
      const done = each.take?.(generationId);
      if (done === undefined) return each.level;
      taken.push(done.taken);
      return done.level;
    });
    this.#tables.putReservation(generationId, { ...reservation, taken });
    return { state: "reserved", levels };
  }

  settle(settlements: readonly Settlement[], { now }: LimitMoment): void {
    for (const settlement of settlements) {
      const { generationId, requests, tokens, picos } = settlement;
      const known = this.#tables.reservation(generationId);
      if (known === undefined) continue;
      this.#tables.removeReservation(generationId);
      this.#end(generationId, known, { requests, tokens, spend: picos }, now);
    }
  }

  move(generationId: string, session: string): Held | undefined {
    const known = this.#tables.reservation(generationId);
    if (known === undefined) return undefined;
    this.#tables.putReservation(generationId, { ...known, session });
    return { tokens: mostOf(known, "tokens"), picos: mostOf(known, "spend") };
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
      this.#end(generationId, known, {}, now);
    }
    this.#tables.sweep(now);
    return lost.size;
  }

  /** Ends the leases and corrects the counters by the used amounts. A unit without a used amount keeps the reserved one. */
  #end(
    generationId: string,
    { taken }: Reservation,
    used: Readonly<Partial<Record<AmountTaken["unit"], number | undefined>>>,
    now: number,
  ): void {
    for (const [index, first] of taken.entries()) {
      if (first.unit === "concurrency") {
        this.#tables.removeLease(first.key, generationId);
        continue;
      }
      const actual = used[first.unit];
      // An extension has taken by the same counter again: the first one settles for all of them.
      const isFirst = taken.findIndex(({ key }) => key === first.key) === index;
      if (actual === undefined || !isFirst) continue;
      const parts = taken.filter((each): each is AmountTaken => each.key === first.key);
      const more = actual - parts.reduce((sum, { amount }) => sum + amount, 0);
      if (more === 0) continue;
      if (first.unit === "spend") this.#settleSpent(first, more);
      else this.#settleWindow(first, parts, more, now);
    }
  }

  #settleSpent({ key, expiresAt }: SpendTaken, more: number): void {
    this.#tables.putSpent(key, Math.max(0, this.#tables.spent(key) + more), expiresAt);
  }

  /** Gives unused amounts back to their sub-buckets. An amount beyond the reservation counts from now on. */
  #settleWindow(
    { key, windowMs }: WindowTaken,
    parts: readonly AmountTaken[],
    more: number,
    now: number,
  ): void {
    const state = this.#tables.window(key);
    dropOld(state, now, windowMs);
    if (more > 0) add(state, now, windowMs, more);
    let left = Math.max(0, -more);
    for (const part of parts.toReversed()) {
      if (left === 0 || part.unit === "spend") break;
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
    return this.#check(rules, now).map(({ level: { used, resetMs } }) => ({ used, resetMs }));
  }

  #check(rules: readonly LimitRule[], now: number): Checked[] {
    return rules.map((rule) => {
      if (rule.unit === "concurrency") return this.#lease(rule.key, rule.most);
      return rule.unit === "spend" ? this.#spend(rule, now) : this.#window(rule, now);
    });
  }

  #leaseLevel(key: string): LimitLevel {
    return { used: this.#tables.leases(key), resetMs: undefined };
  }

  #lease(key: string, most: number): Checked {
    const level = this.#leaseLevel(key);
    if (level.used >= most) return { level: { ...level, refused: { waitMs: undefined } } };
    return {
      level,
      take: (generationId) => {
        this.#tables.addLease(key, generationId);
        const taken: Taken = { unit: "concurrency", key };
        return { taken, level: { ...level, used: level.used + 1 } };
      },
    };
  }

  #window({ unit, key, most, windowMs, take }: WindowRule, now: number): Checked {
    const state = this.#tables.window(key);
    dropOld(state, now, windowMs);
    const used = sumOf(state);
    const level = { used, resetMs: emptyIn(state, now, windowMs) };
    if (used + take > most) {
      const waitMs = take > most ? undefined : waitFor(state, now, windowMs, used + take - most);
      return { level: { ...level, refused: { waitMs } } };
    }
    return {
      level,
      take: () => {
        const bucket = add(state, now, windowMs, take);
        this.#putWindow(key, state, now, windowMs);
        const resetMs = emptyIn(state, now, windowMs);
        return {
          taken: { unit, key, amount: take, windowMs, bucket },
          level: { used: used + take, resetMs },
        };
      },
    };
  }

  #spend({ key: name, most, period, take }: SpendRule, now: number): Checked {
    const { startMs, endMs } = periodAt(period, now);
    const key = spendKey(name, startMs);
    const used = this.#tables.spent(key);
    const resetMs = endMs === Number.POSITIVE_INFINITY ? undefined : endMs - now;
    if (used + take > most) {
      const waitMs = take > most ? undefined : resetMs;
      return { level: { used, resetMs, refused: { waitMs } } };
    }
    return {
      level: { used, resetMs },
      take: () => {
        const expiresAt = resetMs === undefined ? 0 : endMs + KEPT_MS;
        this.#tables.putSpent(key, used + take, expiresAt);
        return {
          taken: { unit: "spend", key, amount: take, expiresAt },
          level: { used: used + take, resetMs },
        };
      },
    };
  }
}
