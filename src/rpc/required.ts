import { invalidField } from "../domain/gateway-error.ts";

/** A message that the rules of the contract require. */
export function required<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalidField(field, "value is required");
  return value;
}
