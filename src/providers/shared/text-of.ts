import { isJsonObject, type JsonValue } from "../../domain/json.ts";

/** A text, the text of a part, or the joined texts of a list. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("");
  return isJsonObject(value) ? textOf(value.text) : "";
}
