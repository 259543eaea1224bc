import { valuePaths } from "./key-paths.ts";
import { type Path, pathText } from "./readers.ts";
import { setVariable, withRetentionAlias } from "./retention-alias.ts";
import { type Environment, overlayEnvironment, readConfigFile } from "./sources.ts";

const VALUE_PATHS = valuePaths();

/** The file with the values of the environment laid over it, before anything is checked. */
export interface ConfigTree {
  readonly tree: Record<string, unknown>;
  /** Where a value is set: `FILE:LINE`, an environment variable, or `configuration` if it is set nowhere. */
  placeOf(path: Path): string;
}

/**
 * Reads the file that `STEER_CONFIG` names, if there is one, and the environment, which wins. Throws
 * `ConfigError` if the file cannot be read.
 */
export function readConfigTree(environment: Environment): ConfigTree {
  const named = environment["STEER_CONFIG"];
  const file = named ? readConfigFile(named) : undefined;
  const values = withRetentionAlias(environment);
  const { tree, origins } = overlayEnvironment(file?.tree ?? {}, VALUE_PATHS, values);
  return {
    tree,
    placeOf(path) {
      const key = pathText(path);
      // A variable can hold a whole list: the places of the entries are that variable as well.
      const isSet = ([set]: readonly [string, string]) => key === set || key.startsWith(`${set}[`);
      const [, variable] = [...origins].find(isSet) ?? [];
      if (variable !== undefined) return setVariable(variable, environment);
      return file?.locate(path) ?? "configuration";
    },
  };
}
