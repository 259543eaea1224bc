import type { ErrorKind } from "./error-kind.ts";

/** Who can do something about an error. */
type Actor = "caller" | "operator" | "nobody";

/** A reason of an error as people read about it in `docs/errors.md`. */
export interface ErrorReasonRow {
  /** Kinds of the errors that have it; code and repetition follow from them. */
  readonly kinds: readonly ErrorKind[];
  readonly when: string;
  readonly who: Actor;
  /** Unset where nobody has to do anything. */
  readonly todo?: string;
}

/** A reason of a warning as people read about it in `docs/errors.md`. */
export interface WarningReasonRow {
  readonly when: string;
  readonly todo: string;
}
