import {
  ConfigProblem,
  duration,
  object,
  oneOf,
  picos,
  type Reader,
  type ReadFields,
  text,
} from "./readers.ts";

/** The contract's bound of what a request may ask for. */
const MAX_DRAIN_MS = 60_000;

const drainTime: Reader<number> = (value, path) => {
  const ms = duration(value, path);
  if (ms <= MAX_DRAIN_MS) return ms;
  throw new ConfigProblem(path, "must be 60s or less");
};

/** What counts tokens that no provider reports: the best there is for the model, or one rule for all. */
const ESTIMATORS = ["auto", "tiktoken", "character", "script"] as const;

/** The section `accounting` of the file. */
export const accountingFields = object({
  estimator: oneOf(...ESTIMATORS),
  usage_file: text,
  abort: object({ mode: oneOf("close", "drain"), max_time: drainTime, max_cost_picos: picos }),
});

export type AccountingFields = ReadFields<typeof accountingFields.fields>;
