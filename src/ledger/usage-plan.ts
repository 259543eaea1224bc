// What a question to the ledger means.
import { invalidField } from "../domain/gateway-error.ts";
import type { UsageFilter, UsageQuery } from "../domain/usage-report.ts";
import type { RowKey } from "./row-key.ts";

const DIMENSIONS = ["caller", "group", "model", "provider", "outcome"] as const;
const LABEL = "label:";

type ValueOf = (key: RowKey) => string;

/** A question whose words are understood. */
export interface UsagePlan {
  readonly groupBy: readonly ValueOf[];
  isMeant(key: RowKey): boolean;
}

function readerOf(dimension: string, field: string, labels: readonly string[]): ValueOf {
  const known = DIMENSIONS.find((each) => each === dimension);
  if (known !== undefined) return (key) => key[known];
  if (labels.includes(dimension.slice(LABEL.length)) && dimension.startsWith(LABEL)) {
    return (key) => key.value;
  }
  const words = [...DIMENSIONS, ...labels.map((label) => LABEL + label)].join(", ");
  const about = dimension.startsWith(LABEL) ? "; accounting.ledger_labels names labels" : "";
  throw invalidField(field, `"${dimension}" is none of ${words}${about}`);
}

/** The one label that the question is about; "": none. */
function labelOf({ groupBy, filters }: UsageQuery): string {
  const dimensions = [...groupBy, ...filters.map(({ dimension }) => dimension)];
  const labels = new Set(dimensions.filter((each) => each.startsWith(LABEL)));
  if (labels.size > 1) throw invalidField("group_by", "has more than one label");
  return [...labels][0]?.slice(LABEL.length) ?? "";
}

function filterOf({ dimension, values }: UsageFilter, field: string, labels: readonly string[]) {
  const read = readerOf(dimension, field, labels);
  return (key: RowKey): boolean => values.includes(read(key));
}

/** Throws INVALID_ARGUMENT. `labels`: those that have rows. */
export function planOf(query: UsageQuery, labels: readonly string[]): UsagePlan {
  const label = labelOf(query);
  const groupBy = query.groupBy.map((dimension, index) =>
    readerOf(dimension, `group_by[${index}]`, labels),
  );
  const filters = query.filters.map((filter, index) =>
    filterOf(filter, `filters[${index}].dimension`, labels),
  );
  return {
    groupBy,
    isMeant: (key) =>
      key.label === label &&
      (query.caller === undefined || key.caller === query.caller) &&
      filters.every((filter) => filter(key)),
  };
}
