import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/** The value if it is an object, otherwise an empty one. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
