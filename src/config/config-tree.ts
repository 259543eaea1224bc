import { valuePaths } from "./key-paths.ts";
import { type Path, pathText } from "./readers.ts";
import { setVariable, withRetentionAlias } from "./retention-alias.ts";
import { type Environment, overlayEnvironment, readConfigFile, readConfigText } from "./sources.ts";

const VALUE_PATHS = valuePaths();

/** The file overlaid with the values of the environment, before any check. */
export interface ConfigTree {
  readonly tree: Record<string, unknown>;
  /** The place of a value: `FILE:LINE`, an environment variable, or `configuration` if the value is set nowhere. */
  placeOf(path: Path): string;
}

/** The text of the file of `STEER_CONFIG`; undefined: it is not set. Throws `ConfigError`. */
export function textOfConfig(environment: Environment): string | undefined {
  const named = environment["STEER_CONFIG"];
  return named ? readConfigText(named) : undefined;
}

/**
 * Overlays the text of the file of `STEER_CONFIG`, if there is one, with the environment. Throws `ConfigError` if the
 * file cannot be read.
 */
export function readConfigTree(
  environment: Environment,
  text = textOfConfig(environment),
): ConfigTree {
  const named = environment["STEER_CONFIG"] ?? "";
  const file = text === undefined ? undefined : readConfigFile(named, text);
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
