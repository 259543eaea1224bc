import type { AbortPolicy } from "../domain/generation-spec.ts";
import type { AccountingFields } from "./accounting.ts";

const DEFAULT_DRAIN_MS = 10_000;

export interface AccountingSettings {
  /** What becomes of a provider call whose generation is cancelled, where the request does not say. */
  readonly abort: AbortPolicy;
  /** Usage records as lines of JSON; undefined: none are written. */
  readonly usageFile: string | undefined;
}

/** The section `accounting` with the defaults for what it leaves out. */
export function accountingSettings(given: AccountingFields | undefined): AccountingSettings {
  const { mode, max_time: maxTimeMs, max_cost_picos: maxCostPicos } = given?.abort ?? {};
  return {
    abort: {
      mode: mode ?? "close",
      maxTimeMs: maxTimeMs ?? DEFAULT_DRAIN_MS,
      ...(maxCostPicos !== undefined && { maxCostPicos }),
    },
    usageFile: given?.usage_file,
  };
}
