import type { ErrorKind } from "../domain/gateway-error.ts";
import type { CircuitChange } from "./circuit-breaker.ts";

/**
 * A change of a target's state, with its evidence. Times are in milliseconds. `isForCounts`: only counts of tokens are
 * concerned, or a count has caused it.
 */
export type TargetChange = { readonly isForCounts?: true } & Change;

type Change =
  /** `lastError`: the failure that opened the circuit. */
  | (CircuitChange & { readonly what: "circuit"; readonly lastError: ErrorKind | undefined })
  /** The provider asked for a pause, or sent a rate limit without a hint. */
  | { readonly what: "cooldown"; readonly forMs: number; readonly lastError: ErrorKind }
  /** The provider refused the credential, the quota or the model. */
  | {
      readonly what: "out";
      readonly scope: "instance" | "target";
      readonly forMs: number;
      readonly lastError: ErrorKind;
    };
