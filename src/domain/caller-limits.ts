// How much a caller, or the callers of a group together, may use. Unset means unlimited.

/** At most `amount` in any window of `windowMs` milliseconds. */
export interface Rate {
  readonly amount: number;
  readonly windowMs: number;
}

/** Calendar periods of `limits.time_zone`, hours of UTC; `total`: for ever. */
export type SpendPeriod = "hour" | "day" | "month" | "total";

/** Money in trillionths of the currency unit. */
export interface SpendLimit {
  readonly period: SpendPeriod;
  /** ISO 4217. */
  readonly currency: string;
  readonly picos: number;
}

export interface UseLimits {
  /** All of them hold: the second narrows bursts. */
  readonly requests?: readonly Rate[];
  /** Input and output together. */
  readonly tokens?: readonly Rate[];
  /** Generations that run at a time. */
  readonly concurrency?: number;
  readonly spend?: readonly SpendLimit[];
}

/** Limits for the models that `match` names: an identifier, `provider/model`, or a glob of one. */
export interface NarrowedLimits extends UseLimits {
  readonly match: string;
}

export interface CallerLimits extends UseLimits {
  readonly narrowed?: readonly NarrowedLimits[];
  /** Bounds of each call: the request is fitted, with a warning. */
  readonly maxOutputTokens?: number;
  readonly maxCostPerCall?: { readonly currency: string; readonly picos: number };
  /** Share of a limit, from 0 to 1, from which on answers have a warning. */
  readonly warnAt?: number;
  /** Models of unknown price are served although a spend limit holds. */
  readonly allowUnpriced?: boolean;
}
