import type { JsonValue } from "../../domain/json.ts";

/** The value if it is a string, otherwise "". */
export function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
