// The limits of callers for the gateway: reserve before a call is sent, settle at its end.
import type { Rate } from "../domain/caller-limits.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Model } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";

/** The most that an attempt can use. */
export interface AttemptNeed {
  /** Input and output. */
  readonly tokens: number;
  /** Trillionths of the currency of the model's prices; undefined: the price is unknown. */
  readonly picos: number | undefined;
}

/** The use of a generation. Undefined: unknown. */
export interface UsedAmounts {
  readonly tokens: number | undefined;
  readonly picos: number | undefined;
}

/** A generation before anything of it is sent. */
export interface LimitedGeneration {
  readonly generationId: string;
  /** A request of another kind, such as a count of tokens, is one of the requests and nothing else. */
  readonly isRequestOnly: boolean;
  /** The model of the first target. */
  readonly model: Model;
  readonly need: AttemptNeed;
  /** Another replica can go on with it. */
  readonly canMove: boolean;
  /** Longest time that it takes, in milliseconds. */
  readonly totalMs: number;
  /** Called once, before the answer or the refusal. */
  readonly onStandings: ((standings: LimitStandings) => void) | undefined;
}

/** The standing of the limit with the smallest free share. */
export interface LimitStanding extends Rate {
  readonly remaining: number;
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number;
}

/** The standings of limits for the headers of an answer. Unset: no limit of that unit. */
export interface LimitStandings {
  readonly requests?: LimitStanding;
  readonly tokens?: LimitStanding;
}

/** The amounts of its caller's limits that a generation holds. */
export interface CallReservation {
  /** Limits that are nearly used up. */
  readonly warnings: readonly Warning[];
  /** Called before an attempt is sent. A promise waits for a larger reservation, and rejects with `GatewayError` if refused. */
  begin(model: Model, need: AttemptNeed): Promise<void> | undefined;
  /** An attempt of that need has ended. */
  end(need: AttemptNeed, used: AttemptNeed): void;
  /** The generation has ended here. */
  settle(used: UsedAmounts): void;
  /** The call repeats another one: all is given back. */
  release(): void;
}

/** The limits of one caller. */
export interface LimitedCaller {
  /** Unset: none. */
  readonly maxOutputTokens: number | undefined;
  readonly maxCostPerCall: { readonly currency: string; readonly picos: number } | undefined;
  /** True if a spend limit holds: the cost of a call without an output limit has no upper bound. */
  readonly needsOutputLimit: boolean;
  /** True if a spend limit holds that unknown prices are refused for. */
  readonly refusesUnpriced: boolean;
  /** Why the caller cannot use the model; undefined: nothing is against it. */
  obstacle(model: Model): GatewayError | undefined;
  /** Rejects with `GatewayError`, CALLER_LIMIT, if a limit is reached; then nothing is taken. */
  reserve(generation: LimitedGeneration): Promise<CallReservation>;
  /** The reservation of a generation that was another replica's. */
  resume(generation: LimitedGeneration): Promise<CallReservation>;
}

export interface CallLimits {
  /** Undefined: the caller has no limits. */
  of(caller: string): LimitedCaller | undefined;
  /** A generation that another replica has begun has ended here without a run. */
  settle(caller: string, generationId: string, used: UsedAmounts): void;
}
