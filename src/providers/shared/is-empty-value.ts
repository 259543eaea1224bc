import type { JsonValue } from "../../domain/json.ts";

/** A value that says nothing: null, false, "", and lists and objects of such values. */
export function isEmptyValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  if (typeof value !== "object") return false;
  return Object.values(value).every(isEmptyValue);
}
