import type { TypeFacts, TypeTable } from "../ports/type-facts.ts";
import { checkDialect } from "./check-instance.ts";
import type { ConfiguredProvider } from "./configured-provider.ts";
import type { ModelEntry } from "./model-entry.ts";
import { ConfigProblem } from "./readers.ts";

/** Converts `reasoningField` to `reasoning_field`. */
function inFile(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A parameter, or a fact of the wire, that the dialect does not know would be left out of every request. */
function checkCarried(
  { parameters = [], wire = {}, dialect }: ModelEntry,
  index: number,
  instance: ConfiguredProvider,
  type: TypeFacts,
): void {
  const own = dialect ?? instance.dialect ?? type.defaultDialect(instance.baseUrl);
  const carried = [...(type.dialects[own] ?? []), ...(type.listedParameters[own] ?? [])];
  for (const [position, parameter] of parameters.entries()) {
    if (carried.includes(parameter)) continue;
    const message = `${parameter} has no field in the dialect ${own}`;
    throw new ConfigProblem(["models", index, "parameters", position], message);
  }
  const read = type.wireFacts[own] ?? [];
  const unread = Object.keys(wire).find((key) => !read.includes(key));
  if (unread === undefined) return;
  const message = `says nothing of the dialect ${own} of the type ${instance.type}`;
  throw new ConfigProblem(["models", index, "wire", inFile(unread)], message);
}

/** Checks that models belong to existing instances and have unique names there. Throws `ConfigProblem`. */
export function checkModels(
  models: readonly ModelEntry[],
  providers: readonly ConfiguredProvider[],
  types: TypeTable,
): void {
  const owners = new Map<string, string>();
  for (const [index, model] of models.entries()) {
    const instance = providers.find(({ id }) => id === model.provider);
    const type = instance && types[instance.type];
    if (instance === undefined || type === undefined) {
      const names = providers.map(({ id }) => id).join(", ");
      const message = `no provider "${model.provider}"; there are ${names}`;
      throw new ConfigProblem(["models", index, "provider"], message);
    }
    checkDialect("models", index, model.dialect, type);
    checkCarried(model, index, instance, type);
    const { id, displayName = id, aliases = [] } = model;
    for (const name of new Set([id, displayName, ...aliases])) {
      const key = `${instance.id}/${name}`;
      const owner = owners.get(key);
      if (owner !== undefined) {
        const message = `the name "${name}" belongs to the model ${owner} of ${instance.id} already`;
        throw new ConfigProblem(["models", index], message);
      }
      owners.set(key, id);
    }
  }
}
