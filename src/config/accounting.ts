import { object, oneOf } from "./readers.ts";

/** What counts tokens that no provider reports: the best there is for the model, or one rule for all. */
const ESTIMATORS = ["auto", "tiktoken", "character", "script"] as const;

/** The section `accounting` of the file. */
export const accountingFields = object({ estimator: oneOf(...ESTIMATORS) });
