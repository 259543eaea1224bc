import { OTHER, type StoreTrouble } from "./store-trouble.ts";

/** Whether the call certainly had no effect. */
export type UnavailableOutcome = "not-applied" | "unknown";

/**
 * The store did not answer, could not, or has no space. The only error of an engine and its tenants: every other
 * result is a value.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly outcome: UnavailableOutcome;
  readonly trouble: StoreTrouble;

  constructor(
    outcome: UnavailableOutcome,
    message: string,
    trouble: StoreTrouble = OTHER,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.outcome = outcome;
    this.trouble = trouble;
  }
}

/** The store is full. */
export function storeFull(code = ""): StoreUnavailable {
  return new StoreUnavailable("not-applied", "the stream store is full", { cause: "full", code });
}

/** For `catch` of calls whose answer nothing waits for. */
export function ignoreOutage(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}
