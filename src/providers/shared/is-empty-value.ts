import type { JsonValue } from "../../domain/json.ts";

/** Whether a value has no information: null, false, "", or a list or object of only such values. */
export function isEmptyValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (typeof value !== "object") return false;
  return Object.values(value).every(isEmptyValue);
}
