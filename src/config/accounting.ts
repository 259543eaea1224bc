import type { AbortPolicy } from "../domain/generation-spec.ts";
import { duration, oneOf, picos, restricted, text } from "./readers.ts";
import { object } from "./sections.ts";

const DEFAULT_ABORT: AbortPolicy = { mode: "close", maxTimeMs: 10_000 };

/** The contract's upper bound for a request's drain time, in milliseconds. */
const MAX_DRAIN_MS = 60_000;

/** `auto` is the best available counter for the model; the others are one rule for all models. */
const ESTIMATORS = ["auto", "tiktoken", "character", "script"] as const;

/** The section `accounting` of the file. */
export const accountingFields = object({
  estimator: oneOf(...ESTIMATORS),
  usage_file: text,
  abort: object({
    mode: oneOf("close", "drain"),
    max_time: restricted(duration, (ms) => ms <= MAX_DRAIN_MS, "must be 60s or less"),
    max_cost_picos: picos,
  }),
});

export interface AccountingSettings {
  /** How a provider call ends whose generation is cancelled, if the request names no policy. */
  readonly abort: AbortPolicy;
  /** File for usage records as lines of JSON; undefined: no records are written. */
  readonly usageFile: string | undefined;
}

/** The settings of the section `accounting`, with defaults for missing keys. */
export function accountingSettings(
  given: ReturnType<typeof accountingFields> = {},
): AccountingSettings {
  return { abort: { ...DEFAULT_ABORT, ...given.abort }, usageFile: given.usageFile };
}
