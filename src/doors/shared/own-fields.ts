// What an answer has beside the contract's words, for callers of the dialect that it came in.
import type { Generation } from "../../domain/generation.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, ProviderData } from "../../domain/provider-data.ts";

/** Fields that the vendor has added to a part, a call or a message; empty: it is of another dialect. */
export function ownFields(data: ProviderData | undefined, dialect: string): JsonObject {
  return data?.api === dialect ? (JSON.parse(data.json) as JsonObject) : {};
}

/** Sources as the vendor wrote them. */
export function ownAnnotations(
  annotations: readonly Annotation[] | undefined,
  dialect: string,
): JsonObject[] {
  return (annotations ?? []).flatMap(({ providerData }) => {
    const own = ownFields(providerData, dialect);
    return Object.keys(own).length === 0 ? [] : [own];
  });
}

/** Fields of the answer itself, some of them in groups; empty: it came in another dialect. */
export function ownMetadata(
  { provider, providerApi, providerMetadata }: Generation,
  dialect: string,
): JsonObject {
  return providerApi === dialect ? (providerMetadata[provider] ?? {}) : {};
}

/** The fields of a group of the metadata. */
export function groupOf(metadata: JsonObject, group: string): JsonObject {
  const fields = metadata[group];
  return isJsonObject(fields) ? fields : {};
}

/** Counts with those that the vendor adds, in their objects too; those of `counts` win. */
export function withOwnCounts(counts: JsonObject, own: JsonObject): JsonObject {
  const all: Record<string, JsonValue> = { ...own };
  for (const [name, value] of Object.entries(counts)) {
    const added = all[name];
    all[name] =
      isJsonObject(value) && isJsonObject(added) ? withOwnCounts(value, added) : (value ?? null);
  }
  return all;
}
