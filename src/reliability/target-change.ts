import type { ErrorKind } from "../domain/gateway-error.ts";
import type { CircuitChange } from "./circuit-breaker.ts";

/** What has changed about a target, with the evidence. Times are milliseconds. */
export type TargetChange =
  /** `lastError`: the failure that opened the circuit. */
  | (CircuitChange & { readonly what: "circuit"; readonly lastError: ErrorKind | undefined })
  /** The provider asked for a pause, or a rate limit came without a hint. */
  | { readonly what: "cooldown"; readonly forMs: number; readonly lastError: ErrorKind }
  /** The credential, the quota or the model was refused. */
  | {
      readonly what: "out";
      readonly scope: "instance" | "target";
      readonly forMs: number;
      readonly lastError: ErrorKind;
    };
