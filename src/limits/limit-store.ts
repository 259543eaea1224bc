/** At most `most` requests or tokens in any window of that length. */
export interface WindowRule {
  readonly unit: "requests" | "tokens";
  /** Names the counter. Rules with one name count together. */
  readonly key: string;
  readonly most: number;
  readonly windowMs: number;
  /** Amount of the generation. */
  readonly take: number;
}

/** At most `most` generations at a time. */
export interface ConcurrencyRule {
  readonly unit: "concurrency";
  readonly key: string;
  readonly most: number;
}

/**
 * At most `most` trillionths of a currency unit in a period. The key names the currency and the kind of period, and a
 * counter has the start of its period in its name too.
 */
export interface SpendRule {
  readonly unit: "spend";
  readonly key: string;
  readonly most: number;
  /**
   * Borders of consecutive periods around the replica's time, in milliseconds since the epoch and in rising order. The
   * store's time decides which of the periods counts. Empty: all time is one period.
   */
  readonly borders: readonly number[];
  readonly take: number;
}

export type LimitRule = WindowRule | ConcurrencyRule | SpendRule;

/** The level of a rule. */
export interface LimitLevel {
  /** Amount that counts now. It includes the amount of the generation, unless the generation is refused. */
  readonly used: number;
  /** Milliseconds until the whole limit is free; undefined: unknown. */
  readonly resetMs: number | undefined;
  /** Unset: the rule lets the generation pass. */
  readonly refused?: {
    /** Milliseconds until the generation would pass without other calls; undefined: unknown, or never. */
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

/** The use of a generation. */
export interface Settlement {
  readonly generationId: string;
  /** 0: the call repeated another one, so its request is given back too. */
  readonly requests: 0 | 1;
  /** Undefined: unknown; the reserved amount counts. */
  readonly tokens: number | undefined;
  readonly picos: number | undefined;
}

/** Amounts of a reservation: of each unit the largest amount of one rule. */
export interface Held {
  readonly tokens: number;
  readonly picos: number;
}

export interface Reaped {
  /** Number of lost generations. Their reserved amounts count as used. */
  readonly lost: number;
  /** Number of living replicas. */
  readonly replicas: number;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * The counters of limits: the port of this tenant in every engine. Each method is one atomic step and may be repeated
 * with the same arguments. Time is the store's. Throws, or rejects with, `StoreUnavailable` alone.
 */
export interface LimitStore {
  /** Takes the amounts of all rules, or of none if one refuses. An existing reservation stays unchanged. */
  reserve(reservation: NewReservation): MaybePromise<ReserveAnswer>;
  /** Adds to a reservation, by all rules or by none. */
  extend(generationId: string, rules: readonly LimitRule[]): MaybePromise<ReserveAnswer>;
  /** Ends reservations with the used amounts. A missing reservation is settled already. */
  settle(settlements: readonly Settlement[]): MaybePromise<void>;
  /** Makes the reservation another replica's; undefined: it is settled. */
  move(generationId: string, session: string): MaybePromise<Held | undefined>;
  /** Settles up to `limit` reservations of lost generations, and forgets counters that count nothing. */
  reap(limit: number): MaybePromise<Reaped>;
}
