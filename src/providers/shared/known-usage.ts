import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { AnswerMetadata, FieldRules, Place } from "./answer-metadata.ts";

function isZero(value: JsonValue): boolean {
  if (value === 0 || value === null) return true;
  return isJsonObject(value) && Object.values(value).every(isZero);
}

/** Unknown fields with a value other than zero; undefined: none, as in most answers. */
function othersOf(source: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  const others: [string, JsonValue][] = [];
  for (const name in source) {
    if (known.has(name)) continue;
    const value = source[name];
    if (value !== undefined && !isZero(value)) others.push([name, value]);
  }
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

const USAGE: FieldRules = { known: new Set(), group: "usage" };

/** Fields of a usage that the contract can express. */
export class KnownUsage {
  readonly #fields: ReadonlySet<string>;
  readonly #groups: ReadonlyMap<string, ReadonlySet<string>>;

  /** `groups`: objects inside the usage, with those of their fields that the contract can express. */
  constructor(fields: readonly string[], groups: Readonly<Record<string, readonly string[]>> = {}) {
    this.#fields = new Set([...fields, ...Object.keys(groups)]);
    this.#groups = new Map(
      Object.entries(groups).map(([group, inner]) => [group, new Set(inner)] as const),
    );
  }

  /** Keeps the other fields of a usage in the group `usage` of the metadata. */
  keepOthers(
    metadata: AnswerMetadata,
    usage: JsonValue | undefined,
    json: string,
    place: Place,
  ): void {
    if (!isJsonObject(usage)) return;
    const others = othersOf(usage, this.#fields);
    if (others !== undefined) metadata.keep(others, USAGE, json, () => place);
    for (const [group, inner] of this.#groups) {
      const value = usage[group];
      const own = isJsonObject(value) ? othersOf(value, inner) : undefined;
      if (own !== undefined) metadata.add(group, own, USAGE);
    }
  }
}
