import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { AnswerMetadata, Place } from "./answer-metadata.ts";

/** Fields of a usage that have words in the contract; of a group, those of its fields that have. */
export type KnownUsage = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** Known fields, and groups with their known fields. */
export function knownUsage(
  fields: readonly string[],
  groups: Readonly<Record<string, readonly string[]>> = {},
): KnownUsage {
  return new Map([
    ...fields.map((field) => [field, undefined] as const),
    ...Object.entries(groups).map(([group, inner]) => [group, new Set(inner)] as const),
  ]);
}

function isZero(value: JsonValue): boolean {
  if (value === 0 || value === null) return true;
  return isJsonObject(value) && Object.values(value).every(isZero);
}

/** A zero says nothing. */
function saidOf(source: JsonObject, known: (name: string) => boolean): JsonObject {
  const said = Object.entries(source).filter(([name, value]) => !known(name) && !isZero(value));
  return Object.fromEntries(said);
}

const NOTHING: ReadonlySet<string> = new Set();

/** Keeps what a usage says beside the known counts, in the group `usage`. */
export function keepUsage(
  left: AnswerMetadata,
  usage: JsonValue | undefined,
  known: KnownUsage,
  json: string,
  place: Place,
): void {
  if (!isJsonObject(usage)) return;
  const others = saidOf(usage, (name) => known.has(name));
  left.take(others, NOTHING, json, () => place, { group: "usage" });
  for (const [group, inner] of known) {
    const value = usage[group];
    if (inner === undefined || !isJsonObject(value)) continue;
    const own = saidOf(value, (name) => inner.has(name));
    if (Object.keys(own).length > 0) left.add(group, own, { group: "usage" });
  }
}
