import { isJsonObject } from "../../domain/json.ts";
import type { ModelRecord, WireLimits } from "../../domain/model.ts";

function isModelRecord(value: unknown): value is ModelRecord {
  return (
    isJsonObject(value) &&
    typeof value.id === "string" &&
    Array.isArray(value.capabilities) &&
    Array.isArray(value.parameters)
  );
}

/** The records of a `models.json`, with the vendor's limits by dialect. The registry checks their content. */
export function parseModels(
  value: unknown,
  limits: Readonly<Record<string, WireLimits>> = {},
): readonly ModelRecord[] {
  if (!Array.isArray(value) || !value.every(isModelRecord)) {
    throw new TypeError("models.json is not an array of model records");
  }
  return value.map((record) => ({ ...record, limits }));
}
