import type { WarningReason } from "./warning-reasons.ts";

/** Something the caller should know about a generation. */
export interface Warning {
  readonly reason: WarningReason;
  readonly message: string;
  /** Path in the request, e.g. `sampling.seed`; "" if the warning is about the answer. */
  readonly field: string;
}
