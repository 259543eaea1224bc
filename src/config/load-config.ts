import { checkVariables } from "./check-variables.ts";
import { type Config, createConfig } from "./config.ts";
import { valuePaths } from "./key-paths.ts";
import { ConfigProblem, pathText } from "./readers.ts";
import { RETENTION_ALIAS, setVariable, withRetentionAlias } from "./retention-alias.ts";
import { schema } from "./schema.ts";
import {
  ConfigError,
  type ConfigFile,
  type Environment,
  environmentName,
  overlayEnvironment,
  readConfigFile,
} from "./sources.ts";
import type { TypeTable } from "./type-facts.ts";

const VALUE_PATHS = valuePaths();
const VARIABLES = VALUE_PATHS.map(environmentName);

/**
 * Reads the configuration: defaults, the file that `STEER_CONFIG` names, the
 * environment. Throws `ConfigError` with the place of the first mistake.
 */
export function loadConfig(types: TypeTable, environment: Environment = process.env): Config {
  const named = environment["STEER_CONFIG"];
  const file: ConfigFile | undefined = named ? readConfigFile(named) : undefined;
  const values = withRetentionAlias(environment);
  const { tree, origins } = overlayEnvironment(file?.tree ?? {}, VALUE_PATHS, values);
  try {
    const fields = schema(tree, []);
    const keys = (fields.providers ?? []).flatMap(({ apiKeyEnv }) => apiKeyEnv ?? []);
    checkVariables(environment, [...VARIABLES, RETENTION_ALIAS, ...keys]);
    return createConfig(fields, types, environment);
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const path = pathText(error.path);
    const [, variable] =
      [...origins].find(([set]) => path === set || path.startsWith(`${set}[`)) ?? [];
    const set = variable === undefined ? undefined : setVariable(variable, environment);
    const place = set ?? file?.locate(error.path) ?? "configuration";
    throw new ConfigError(`${place}: ${path}: ${error.message}`, { cause: error });
  }
}

/** The environment in which `STEER_CONFIG` is `file`, where one is given. */
export function environmentWith(
  file: string | undefined,
  environment: Environment = process.env,
): Environment {
  return file === undefined ? environment : { ...environment, STEER_CONFIG: file };
}
