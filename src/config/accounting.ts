import type { AbortPolicy } from "../domain/generation-spec.ts";
import type { LedgerSettings } from "../ledger/ledger-settings.ts";
import {
  ConfigProblem,
  count,
  duration,
  matching,
  oneOf,
  picos,
  restricted,
  text,
} from "./readers.ts";
import { list, object, reshaped } from "./sections.ts";

const DEFAULT_ABORT: AbortPolicy = { mode: "close", maxTimeMs: 10_000 };

/** The contract's upper bound for a request's drain time, in milliseconds. */
const MAX_DRAIN_MS = 60_000;

/** `auto` is the best available counter for the model; the others are one rule for all models. */
const ESTIMATORS = ["auto", "tiktoken", "character", "script"] as const;

const DAY_MS = 24 * 3_600_000;
const DEFAULT_HOURLY_DAYS = 90;
const DEFAULT_DAILY_DAYS = 400;
const MAX_DAYS = 3_660;
const MAX_LABELS = 8;

const days = restricted(count, (number) => number <= MAX_DAYS, `must be from 1 to ${MAX_DAYS}`);

/** The contract's pattern of a label's name. */
const labelName = matching(
  /^[a-z][a-z0-9_.-]{0,62}$/,
  "the name of a label: lower-case letters, digits, _ . -",
);

const fields = object({
  estimator: oneOf(...ESTIMATORS),
  usage_file: text,
  ledger_labels: restricted(
    list(labelName),
    (names) => names.length <= MAX_LABELS && new Set(names).size === names.length,
    `must be at most ${MAX_LABELS} different names`,
  ),
  ledger_hourly_days: days,
  ledger_daily_days: days,
  abort: object({
    mode: oneOf("close", "drain"),
    max_time: restricted(duration, (ms) => ms <= MAX_DRAIN_MS, "must be 60s or less"),
    max_cost_picos: picos,
  }),
});

/** The section `accounting` of the file. */
export const accountingFields = reshaped(fields, (section, path) => {
  const { ledgerHourlyDays = DEFAULT_HOURLY_DAYS, ledgerDailyDays = DEFAULT_DAILY_DAYS } = section;
  if (ledgerDailyDays >= ledgerHourlyDays) return section;
  const rule = `must not be less than ledger_hourly_days, which is ${ledgerHourlyDays}`;
  throw new ConfigProblem([...path, "ledger_daily_days"], rule);
});

export interface AccountingSettings {
  /** How a provider call ends whose generation is cancelled, if the request names no policy. */
  readonly abort: AbortPolicy;
  /** File for usage records as lines of JSON; undefined: no records are written. */
  readonly usageFile: string | undefined;
  readonly ledger: LedgerSettings;
}

/** The settings of the section `accounting`, with defaults for missing keys. */
export function accountingSettings(
  given: ReturnType<typeof accountingFields> = {},
): AccountingSettings {
  const hoursMs = (given.ledgerHourlyDays ?? DEFAULT_HOURLY_DAYS) * DAY_MS;
  const daysMs = (given.ledgerDailyDays ?? DEFAULT_DAILY_DAYS) * DAY_MS;
  return {
    abort: { ...DEFAULT_ABORT, ...given.abort },
    usageFile: given.usageFile,
    ledger: { labels: given.ledgerLabels ?? [], hoursMs, daysMs },
  };
}
