import { matchesGlob } from "../domain/glob.ts";
import type { Model } from "../domain/model.ts";

/** Whether a glob names a model: by its identifier, an alias, or either one behind its provider's identifier. */
export function createModelMatch(
  pattern: string,
): (model: Pick<Model, "id" | "provider" | "aliases">) => boolean {
  return ({ id, provider, aliases }) =>
    [id, ...aliases].some(
      (name) => matchesGlob(pattern, name) || matchesGlob(pattern, `${provider}/${name}`),
    );
}
