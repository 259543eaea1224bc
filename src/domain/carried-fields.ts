import type { JsonObject, JsonValue } from "./json.ts";

/** A reader of protobuf gives up at 100 levels of messages; each level of JSON is two. */
const MAX_DEPTH = 32;

function isCarried(value: JsonValue, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  return Object.values(value).every((each) => isCarried(each, depth + 1));
}

/**
 * The fields that a `google.protobuf.Struct` carries in every codec: those without a number beyond
 * a double's range (JSON has `1e999`) and with at most 32 levels. Names of the others are in `left`.
 */
export function carriedFields(source: JsonObject): {
  readonly fields: JsonObject;
  readonly left: readonly string[];
} {
  const left = Object.keys(source).filter((name) => !isCarried(source[name] ?? null, 1));
  if (left.length === 0) return { fields: source, left };
  const kept = Object.entries(source).filter(([name]) => !left.includes(name));
  return { fields: Object.fromEntries(kept), left };
}
