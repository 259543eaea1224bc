import { isJsonObject } from "../domain/json.ts";
import { readConfigTree } from "./config-tree.ts";
import { valuePaths } from "./key-paths.ts";
import { keyRow } from "./key-reference.ts";
import { type Path, pathText } from "./readers.ts";
import type { Environment } from "./sources.ts";

/** A key of the configuration with its effective value. */
export interface EffectiveValue {
  /** `stream.store`; `providers[0]` for an entry of a list. */
  readonly key: string;
  /**
   * The value as it was written, with secrets masked; undefined: there is no default, or it depends on other values.
   */
  readonly value: unknown;
  /** `FILE:LINE`, an environment variable, `default` (with the default in words), or `unset`. */
  readonly origin: string;
}

const MASK = "***";

/** Keys whose values can be credentials. */
const SECRET_KEYS = new Set(["headers"]);

/** A copy without secrets in addresses and headers. */
function masked(value: unknown, key = ""): unknown {
  if (typeof value === "string") return value.replace(/\/\/\S*@/, `//${MASK}@`);
  if (Array.isArray(value)) return value.map((entry) => masked(entry));
  if (!isJsonObject(value)) return value;
  const isSecret = SECRET_KEYS.has(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret ? MASK : masked(inner, name)]),
  );
}

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (section, key) => (isJsonObject(section) ? section[String(key)] : undefined),
    tree,
  );
}

/** The entries of a list, which is JSON in the environment. */
function entriesOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string" || !value.startsWith("[")) return undefined;
  return JSON.parse(value) as unknown[];
}

function defaultRow(key: string): EffectiveValue {
  const { default: value, defaultInWords } = keyRow(key) ?? {};
  const origin = defaultInWords === undefined ? "default" : `default: ${defaultInWords}`;
  return { key, value, origin: (value ?? defaultInWords) === undefined ? "unset" : origin };
}

function rowsOf(
  path: Path,
  value: unknown,
  placeOf: (path: Path) => string,
): readonly EffectiveValue[] {
  const entries = entriesOf(value);
  if (entries?.some(isJsonObject) !== true) {
    return [{ key: pathText(path), value: masked(value), origin: placeOf(path) }];
  }
  return entries.map((entry, index) => {
    const place = [...path, index];
    return { key: pathText(place), value: masked(entry), origin: placeOf(place) };
  });
}

/**
 * Every key of the configuration with its value and origin, in the order of the schema. `loadConfig` must accept the
 * configuration. Throws `ConfigError` if the file cannot be read.
 */
export function effectiveValues(environment: Environment): readonly EffectiveValue[] {
  const { tree, placeOf } = readConfigTree(environment);
  return valuePaths().flatMap((path) => {
    const value = valueAt(tree, path);
    if (value === undefined || value === null) return [defaultRow(pathText(path))];
    return rowsOf(path, value, placeOf);
  });
}
