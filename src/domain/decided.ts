import type { ErrorKind } from "./gateway-error.ts";
import type { TargetName } from "./generation.ts";

/** Why an attempt was or was not followed by another one. */
export type DecisionReason =
  /** The provider forced or forbade a repetition. */
  | "explicit-hint"
  /** The kind of the failure. */
  | "classifier"
  /** The request's or the operator's policy. */
  | "policy"
  | "attempts"
  | "deadline"
  | "budget"
  /** No target can take the call. */
  | "circuit-open"
  | "output-delivered";

/** A decision after a failed attempt. */
export interface Decided {
  readonly target: TargetName;
  readonly kind: ErrorKind;
  readonly retried: boolean;
  readonly reason: DecisionReason;
}
