import type { TypeTable } from "../ports/type-facts.ts";
import { checkVariables } from "./check-variables.ts";
import { type Config, createConfig } from "./config.ts";
import { readConfigTree, textOfConfig } from "./config-tree.ts";
import { valuePaths } from "./key-paths.ts";
import { ConfigProblem, pathText } from "./readers.ts";
import { RETENTION_ALIAS } from "./retention-alias.ts";
import { schema } from "./schema.ts";
import { ConfigError, type Environment, environmentName } from "./sources.ts";

const VARIABLES = valuePaths().map(environmentName);

/**
 * Reads the configuration: defaults, then the file of `STEER_CONFIG`, then the environment. Later sources take
 * precedence. `text`: what the file contains. Throws `ConfigError` with the place of the first mistake.
 */
export function loadConfig(
  types: TypeTable,
  environment: Environment = process.env,
  text = textOfConfig(environment),
): Config {
  const { tree, placeOf } = readConfigTree(environment, text);
  try {
    const fields = schema(tree, []);
    const keys = (fields.providers ?? []).flatMap(({ apiKeyEnv }) => apiKeyEnv ?? []);
    checkVariables(environment, [...VARIABLES, RETENTION_ALIAS, ...keys]);
    return createConfig(fields, types, environment);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const message = `${placeOf(error.path)}: ${pathText(error.path)}: ${error.message}`;
    throw new ConfigError(message, { cause: error });
  }
}

/** The text of the file of `STEER_CONFIG`; undefined: there is none. Throws `ConfigError`. */
export function loadConfigText(environment: Environment = process.env): string | undefined {
  return textOfConfig(environment);
}

/** The environment with `file` as `STEER_CONFIG`, if `file` is given. */
export function environmentWith(
  file: string | undefined,
  environment: Environment = process.env,
): Environment {
  return file === undefined ? environment : { ...environment, STEER_CONFIG: file };
}
