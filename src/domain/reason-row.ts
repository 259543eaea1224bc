import type { ErrorKind } from "./error-kind.ts";

/** Who can resolve an error. */
type Actor = "caller" | "operator" | "nobody";

/** A row of `docs/errors.md` for a reason of errors. */
export interface ErrorReasonRow {
  /** Kinds of the errors with this reason. Code and retryability follow from them. */
  readonly kinds: readonly ErrorKind[];
  readonly when: string;
  readonly who: Actor;
  /** Unset if nobody has to act. */
  readonly todo?: string;
}

/** A row of `docs/errors.md` for a reason of warnings. */
export interface WarningReasonRow {
  readonly when: string;
  readonly todo: string;
}
