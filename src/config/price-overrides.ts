import { createHash } from "node:crypto";
import type { PriceOverride } from "../domain/model.ts";
import { overrides } from "./pricing.ts";
import { ConfigProblem, type Path, pathText } from "./readers.ts";
import { ConfigError, type Environment, readConfigFile } from "./sources.ts";

/** The operator's agreed prices, which replace listed ones. */
export interface PriceOverrides {
  /** Where the prices come from, in words. */
  readonly place: string;
  /** Hash of the content. Costs computed from the prices contain it. */
  readonly version: string;
  readonly byModel: Readonly<Record<string, PriceOverride>>;
}

export const JSON_VARIABLE = "STEER_PRICING_OVERRIDES_JSON";
export const FILE_VARIABLE = "STEER_PRICING_OVERRIDES_FILE";
const VERSION_DIGITS = 12;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${JSON_VARIABLE}: not JSON`, { cause });
  }
}

function build(place: string, tree: unknown, locate: (path: Path) => string): PriceOverrides {
  try {
    const byModel = overrides(tree, []);
    const hash = createHash("sha256").update(JSON.stringify(byModel)).digest("hex");
    return { place, byModel, version: `overrides-${hash.slice(0, VERSION_DIGITS)}` };
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const path = error.path.length === 0 ? "" : `${pathText(error.path)}: `;
    throw new ConfigError(`${locate(error.path)}: ${path}${error.message}`, { cause: error });
  }
}

/**
 * Reads the overrides. JSON in the environment takes precedence over the file. Throws `ConfigError` with the place of
 * a mistake.
 */
export function readPriceOverrides(environment: Environment): PriceOverrides | undefined {
  const json = environment[JSON_VARIABLE];
  if (json) return build(JSON_VARIABLE, parse(json), () => JSON_VARIABLE);
  const name = environment[FILE_VARIABLE];
  if (!name) return undefined;
  const file = readConfigFile(name);
  return build(name, file.tree, file.locate);
}
