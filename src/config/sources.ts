import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Document, LineCounter } from "yaml";
import { isJsonObject } from "../domain/json.ts";
import { type Path, pathText } from "./readers.ts";

/** A mistake in the configuration. The message contains its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A parsed configuration file with the lines of its values. */
export interface ConfigFile {
  readonly tree: Record<string, unknown>;
  /** `FILE:LINE`. */
  locate(path: Path): string;
}

const load = createRequire(import.meta.url);

/** Loaded only for a file: a service of the environment alone starts without it. */
function yaml() {
  return load("yaml") as typeof import("yaml");
}

function lineOf(document: Document, counter: LineCounter, path: Path): number | undefined {
  const { isMap, isNode, isScalar } = yaml();
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return counter.linePos(node.range[0]).line;
  }
  return undefined;
}

function plainTree(document: Document, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    throw new ConfigError(`${file}: not YAML: an alias without its anchor, or too many`, { cause });
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new ConfigError(`${file}: cannot be read${code}`, { cause });
  }
}

/**
 * The text of a file. Throws `ConfigError`, also for a file of no bytes: programs empty a file before they write it, and
 * a reload at that moment would take every model away.
 */
export function readConfigText(file: string): string {
  const text = textOf(file);
  if (text !== "") return text;
  throw new ConfigError(`${file}: is empty; a file without settings has at least {}`);
}

/** Reads a YAML file, or its `source`. Throws `ConfigError` with file and line. */
export function readConfigFile(file: string, source = readConfigText(file)): ConfigFile {
  const { LineCounter, parseDocument } = yaml();
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter });
  // A warning marks a value with a different meaning than its text, such as an unknown tag.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    const line = counter.linePos(broken.pos[0]).line;
    throw new ConfigError(`${file}:${line}: not YAML: ${broken.code}`, { cause: broken });
  }
  const tree = plainTree(document, file);
  if (!isJsonObject(tree)) throw new ConfigError(`${file}:1: must be a mapping`);
  return {
    tree,
    locate(path) {
      const line = lineOf(document, counter, path);
      return line === undefined ? file : `${file}:${line}`;
    },
  };
}

/** The variable of a key: `grpc.address` becomes `STEER_GRPC_ADDRESS`. */
export function environmentName(path: Path): string {
  return `STEER_${pathText(path).replaceAll(".", "_").toUpperCase()}`;
}

/** The mapping at a path, created if missing; undefined if the file has another type of value there. */
function sectionOf(tree: Record<string, unknown>, path: Path): Record<string, unknown> | undefined {
  let section = tree;
  for (const step of path) {
    const inner = section[step] ?? {};
    if (!isJsonObject(inner)) return undefined;
    section[step] = inner;
    section = inner;
  }
  return section;
}

/** Overlays the tree of the file with the environment's values, which take precedence. */
export function overlayEnvironment(
  tree: Record<string, unknown>,
  paths: readonly Path[],
  environment: Environment,
): { readonly tree: Record<string, unknown>; readonly origins: ReadonlyMap<string, string> } {
  const merged = structuredClone(tree);
  const origins = new Map<string, string>();
  for (const path of paths) {
    const name = environmentName(path);
    const value = environment[name];
    if (value === undefined || value === "") continue;
    const section = sectionOf(merged, path.slice(0, -1));
    if (section === undefined) continue;
    section[String(path.at(-1))] = value;
    origins.set(pathText(path), name);
  }
  return { tree: merged, origins };
}
