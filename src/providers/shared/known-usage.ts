import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { AnswerMetadata, FieldRules, Place } from "./answer-metadata.ts";

function isZero(value: JsonValue): boolean {
  if (value === 0 || value === null) return true;
  return isJsonObject(value) && Object.values(value).every(isZero);
}

/** Unknown fields with a value other than zero. */
function othersOf(source: JsonObject, isKnown: (name: string) => boolean): JsonObject {
  const others = Object.entries(source).filter(([name, value]) => !isKnown(name) && !isZero(value));
  return Object.fromEntries(others);
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
    const others = othersOf(usage, (name) => this.#fields.has(name));
    metadata.keep(others, USAGE, json, () => place);
    for (const [group, inner] of this.#groups) {
      const value = usage[group];
      if (!isJsonObject(value)) continue;
      const own = othersOf(value, (name) => inner.has(name));
      if (Object.keys(own).length > 0) metadata.add(group, own, USAGE);
    }
  }
}
