import { OTHER, type StoreTrouble } from "./store-trouble.ts";

/** How sure it is that a call had no effect. */
export type UnavailableOutcome = "not-applied" | "unknown";

/**
 * The store did not answer, or could not, or has no room. The only error of an engine and of its
 * tenants: all else that a store says is a value.
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

/** Nothing more fits. */
export function storeFull(code = ""): StoreUnavailable {
  return new StoreUnavailable("not-applied", "the stream store is full", { cause: "full", code });
}

/** For `catch` where nobody waits for the answer. */
export function ignoreOutage(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}
