import type { SpendPeriod } from "../domain/caller-limits.ts";

/** At most `most` requests or tokens in any window of that length. */
export interface WindowRule {
  readonly unit: "requests" | "tokens";
  /** Names the counter. Rules with one name count together. */
  readonly key: string;
  readonly most: number;
  readonly windowMs: number;
  /** What the generation takes. */
  readonly take: number;
}

/** At most `most` generations at a time. */
export interface ConcurrencyRule {
  readonly unit: "concurrency";
  readonly key: string;
  readonly most: number;
}

/** At most `most` trillionths of a currency unit in a period. The key names the currency and the period. */
export interface SpendRule {
  readonly unit: "spend";
  readonly key: string;
  readonly most: number;
  readonly period: SpendPeriod;
  readonly take: number;
}

export type LimitRule = WindowRule | ConcurrencyRule | SpendRule;

/** How a rule stands. */
export interface LimitLevel {
  /** What counts now, with what the generation has taken; of a refused one without. */
  readonly used: number;
  /** Milliseconds until nothing of it counts any more; undefined: nobody knows. */
  readonly resetMs: number | undefined;
  /** Unset: the rule lets the generation pass. */
  readonly refused?: {
    /** Milliseconds until it would pass if nothing else came; undefined: nobody knows, or never. */
    readonly waitMs: number | undefined;
  };
}

export interface NewReservation {
  readonly generationId: string;
  /** Of the replica that runs the generation. */
  readonly session: string;
  /** Another replica can go on with the generation. */
  readonly canMove: boolean;
  /** Longest time that the generation takes, in milliseconds. */
  readonly totalMs: number;
  readonly rules: readonly LimitRule[];
}

/** Levels are in the order of the rules. */
export interface ReserveAnswer {
  /** Refused: nothing is taken. Gone: the reservation that was to be extended is settled. */
  readonly state: "reserved" | "refused" | "gone";
  readonly levels: readonly LimitLevel[];
}

/** What a generation has used. */
export interface Settlement {
  readonly generationId: string;
  /** 0: the call was none; its requests are given back too. */
  readonly requests: 0 | 1;
  /** Undefined: unknown; what was reserved counts. */
  readonly tokens: number | undefined;
  readonly picos: number | undefined;
}

/** What a reservation holds, of each unit the most that one rule has taken. */
export interface Held {
  readonly tokens: number;
  readonly picos: number;
}

export interface Reaped {
  /** Reservations of lost generations: what they had reserved counts as used. */
  readonly lost: number;
  /** Replicas that live. */
  readonly replicas: number;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * The counters of limits: the port of this tenant in every engine. Each method is one atomic step and may be repeated
 * with the same arguments. Time is the store's. Throws, or rejects with, `StoreUnavailable` alone.
 */
export interface LimitStore {
  /** Takes by all rules or, where one refuses, by none. A reservation that exists is answered as it is. */
  reserve(reservation: NewReservation): MaybePromise<ReserveAnswer>;
  /** Adds to a reservation, by all rules or by none. */
  extend(generationId: string, rules: readonly LimitRule[]): MaybePromise<ReserveAnswer>;
  /** Ends reservations with what was used. Those that are not there are settled already. */
  settle(settlements: readonly Settlement[]): MaybePromise<void>;
  /** Makes the reservation another replica's; undefined: it is settled. */
  move(generationId: string, session: string): MaybePromise<Held | undefined>;
  /** Settles up to `limit` reservations of lost generations, and forgets counters that count nothing. */
  reap(limit: number): MaybePromise<Reaped>;
}
