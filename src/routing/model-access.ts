// What callers may use, by the lists of the caller and of its group.
import { GatewayError } from "../domain/gateway-error.ts";
import { matchesGlob } from "../domain/glob.ts";
import type { Model } from "../domain/model.ts";
import type { CallerDirectory, CallerGroup } from "../ports/caller-directory.ts";

/** The list that refuses a model to a caller, as an error names the list; undefined: the caller may use the model. */
export type ModelAccess = (model: Model) => string | undefined;

type Lists = Pick<CallerGroup, "models" | "providers">;

/** A model is meant by its identifier, an alias, either one behind its provider's identifier, or a glob of them. */
function isNamed(patterns: readonly string[], { id, provider, aliases }: Model): boolean {
  const names = [id, ...aliases];
  return patterns.some((pattern) =>
    names.some((name) => matchesGlob(pattern, name) || matchesGlob(pattern, `${provider}/${name}`)),
  );
}

function refusingList({ models, providers }: Lists, model: Model): string | undefined {
  if (models !== undefined && !isNamed(models, model)) return "models";
  if (providers === undefined) return undefined;
  return providers.some((glob) => matchesGlob(glob, model.provider)) ? undefined : "providers";
}

/** Undefined: the caller may use everything. */
export function accessOf(directory: CallerDirectory, caller: string): ModelAccess | undefined {
  const profile = directory.profile(caller);
  if (profile === undefined) return undefined;
  const { group: groupId } = profile;
  const group = groupId === undefined ? undefined : directory.group(groupId);
  // A group that was taken out of the configuration can have had a list, which must not be lost with it.
  const isGroupLost = groupId !== undefined && group === undefined;
  const hasLists = [profile, group].some((each) => each?.models ?? each?.providers);
  if (!isGroupLost && !hasLists) return undefined;
  return (model) => {
    if (isGroupLost) return `group ${groupId} of caller ${caller}, which does not exist,`;
    const own = refusingList(profile, model);
    if (own !== undefined) return `the list ${own} of caller ${caller}`;
    const shared = group === undefined ? undefined : refusingList(group, model);
    return shared === undefined ? undefined : `the list ${shared} of group ${groupId}`;
  };
}

/** PERMISSION_DENIED, with the list that refuses the model. */
export function notAllowed({ provider, id }: Model, list: string): GatewayError {
  return new GatewayError("permission-denied", `${list} does not allow ${provider}/${id}`, {
    reason: "MODEL_NOT_ALLOWED",
    metadata: { provider, model: id, list },
  });
}
