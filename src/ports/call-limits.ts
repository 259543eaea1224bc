// What the gateway asks before it sends anything for a caller, and what it tells afterwards.
import type { Rate } from "../domain/caller-limits.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { Model } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";

/** What an attempt can come to. */
export interface AttemptNeed {
  /** Input and output. */
  readonly tokens: number;
  /** Trillionths of the currency of the model's prices; undefined: the price is unknown. */
  readonly picos: number | undefined;
}

/** What a generation has used. Undefined: unknown. */
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
  /** Told once, before the answer, and before a refusal too. */
  readonly onStandings: ((standings: LimitStandings) => void) | undefined;
}

/** How the limit stands that is used up most. */
export interface LimitStanding extends Rate {
  readonly remaining: number;
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number;
}

/** What answers say of limits. Unset: there is none of that unit. */
export interface LimitStandings {
  readonly requests?: LimitStanding;
  readonly tokens?: LimitStanding;
}

/** What a generation has taken of its caller's limits. */
export interface CallReservation {
  /** Limits that are nearly used up. */
  readonly warnings: readonly Warning[];
  /** An attempt is about to be sent. Waits where more has to be reserved; rejects with `GatewayError` if it is refused. */
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
  /** A spend limit holds: without a limit of the output nobody could say what a call costs at most. */
  readonly needsOutputLimit: boolean;
  /** Why the caller cannot use the model; undefined: nothing is against it. */
  obstacle(model: Model): GatewayError | undefined;
  /** Rejects with `GatewayError`, CALLER_LIMIT, where a limit is reached: nothing is taken then. */
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
