// The models of the deployment, in the lists of both dialects.
import type { JsonObject } from "../../domain/json.ts";
import type { Model } from "../../domain/model.ts";

/** The models that callers can name. */
export interface ModelList {
  /** Those that the caller may use, in a stable order. */
  readonly list: (caller: string) => readonly Model[];
  /** The first offer of a name that the caller may use. Throws NOT_FOUND with near names, or PERMISSION_DENIED. */
  readonly lookup: (name: string, caller: string) => Model;
}

/** Names by which callers ask for models: identifiers and aliases, each once. */
export function modelNames(
  { list }: ModelList,
  caller: string,
): readonly (readonly [string, Model])[] {
  const names = new Map<string, Model>();
  for (const model of list(caller)) {
    for (const name of [model.id, ...model.aliases]) if (!names.has(name)) names.set(name, model);
  }
  return [...names];
}

/** Vendors report when a model was published. The records do not have this time. */
const CREATED = 0;

export function openAiModel(id: string, { provider }: Model): JsonObject {
  return { id, object: "model", created: CREATED, owned_by: provider };
}

export function anthropicModel(id: string, { displayName }: Model): JsonObject {
  const created = new Date(CREATED).toISOString();
  return { type: "model", id, display_name: displayName || id, created_at: created };
}
