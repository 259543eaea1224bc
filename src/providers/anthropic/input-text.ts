import type { JsonValue } from "../../domain/json.ts";

/**
 * The input of a call, or a piece of it: text as it is, other values as JSON text. An empty object is the placeholder
 * at the start of a stream, so it counts as no text.
 */
export function inputText(input: JsonValue | undefined, raw: () => string | undefined): string {
  if (input === undefined || input === null) return "";
  if (typeof input === "string") return input;
  if (typeof input === "object" && Object.keys(input).length === 0) return "";
  return raw() ?? JSON.stringify(input);
}
