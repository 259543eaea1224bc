import type { JsonObject, JsonValue } from "./json.ts";

/** Protobuf readers stop at 100 levels of messages, and each level of JSON uses two. */
const MAX_DEPTH = 32;

function isCarried(value: JsonValue, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  return Object.values(value).every((each) => isCarried(each, depth + 1));
}

/**
 * The fields that every codec of `google.protobuf.Struct` can carry: at most 32 levels deep, and without numbers
 * beyond the range of a double (JSON allows `1e999`). `left` has the names of the others.
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
