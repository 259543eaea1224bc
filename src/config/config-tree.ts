import { valuePaths } from "./key-paths.ts";
import { type Path, pathText } from "./readers.ts";
import { setVariable, withRetentionAlias } from "./retention-alias.ts";
import { type Environment, overlayEnvironment, readConfigFile } from "./sources.ts";

const VALUE_PATHS = valuePaths();

/** The file overlaid with the values of the environment, before any check. */
export interface ConfigTree {
  readonly tree: Record<string, unknown>;
  /** The place of a value: `FILE:LINE`, an environment variable, or `configuration` if the value is set nowhere. */
  placeOf(path: Path): string;
}

/**
 * Reads the file of `STEER_CONFIG`, if it is set, and the environment, which takes precedence. Throws `ConfigError`
 * if the file cannot be read.
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
      // A variable can contain a whole list, and is then the place of all its entries.
      const isSet = ([set]: readonly [string, string]) => key === set || key.startsWith(`${set}[`);
      const [, variable] = [...origins].find(isSet) ?? [];
      if (variable !== undefined) return setVariable(variable, environment);
      return file?.locate(path) ?? "configuration";
    },
  };
}
