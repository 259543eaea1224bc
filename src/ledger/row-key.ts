// What a row of the ledger is about.

/** Values of the dimensions; "": none. */
export interface RowKey {
  readonly caller: string;
  readonly group: string;
  readonly model: string;
  readonly provider: string;
  /** Of the call: `succeeded`, `failed` or `cancelled`. */
  readonly outcome: string;
  /** Of the cost. */
  readonly currency: string;
  /** A label has rows of its own, beside those without a label. */
  readonly label: string;
  readonly value: string;
}

/** Stands for values that have no row of their own. */
export const OTHER = "other";

export function encodeKey(key: RowKey): string {
  const { caller, group, model, provider, outcome, currency, label, value } = key;
  return JSON.stringify([caller, group, model, provider, outcome, currency, label, value]);
}

export function decodeKey(key: string): RowKey {
  const [caller = "", group = "", model = "", provider = "", outcome = "", ...rest] = JSON.parse(
    key,
  ) as string[];
  const [currency = "", label = "", value = ""] = rest;
  return { caller, group, model, provider, outcome, currency, label, value };
}

/** The row for what has no room: sums of a time stay whole. */
export function otherKey({ outcome, currency, label }: RowKey): RowKey {
  const value = label === "" ? "" : OTHER;
  return {
    caller: OTHER,
    group: OTHER,
    model: OTHER,
    provider: OTHER,
    outcome,
    currency,
    label,
    value,
  };
}
