// Tests start the service with the shipped defaults. A setting that differs needs a reason on its line of the
// configuration, or on the line of its section: `drain: {grace: 1s} # because: the test waits for its end`.
import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { environmentName } from "../../src/config/sources.ts";

type Path = readonly string[];
type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that differs from the shipped default. */
interface OwnSetting {
  /** For example `drain.grace`, or `providers.timeouts.idle` of one instance. */
  readonly key: string;
  readonly because: string | undefined;
  /** Line number of the reason, from 1. */
  readonly line: number | undefined;
}

/** Addresses, callers, providers and storage locations, which every user sets, are not settings. */
const FACTS = new Set([
  "grpc.address",
  "grpc.tls",
  "http.address",
  "http.tls",
  "http.cors_origins",
  "http.hosts",
  "telemetry.metrics_address",
  "callers",
  "groups",
  "allow_unauthenticated",
  "stream.store",
  "accounting.usage_file",
]);

/** Settings of one instance or model; their other keys describe the provider. */
const OF_TARGETS = new Set([
  "timeouts",
  "limit",
  "unary_upstream",
  "trace_context",
  "failover_on_content_filter",
]);

/** The same for environment variables. */
function isFactVariable(name: string): boolean {
  if (name === "STEER_CONFIG" || name.startsWith("STEER_PRICING_OVERRIDES_")) return true;
  return [...FACTS].some((fact) => name.startsWith(environmentName(fact.split("."))));
}

const REASON = /#\s*because:\s*(\S.*)$/;

/** Whether this key alone changes the configuration. */
function differs(variable: string, value: string): boolean {
  try {
    return !isDeepStrictEqual(loadConfig({}, { [variable]: value }), shipped());
  } catch {
    // The key is valid only together with another.
    return true;
  }
}

let defaults: Config | undefined;
function shipped(): Config {
  defaults ??= loadConfig({}, {});
  return defaults;
}

function isFact(path: Path): boolean {
  const [section = "", key = ""] = path;
  if (section === "providers" || section === "models") return key !== "" && !OF_TARGETS.has(key);
  return FACTS.has(section) || FACTS.has(`${section}.${key}`);
}

/** A key with its parent keys; positions in lists are left out. */
interface Leaf {
  readonly path: Path;
  readonly keys: readonly Pair[];
  readonly value: unknown;
}

function leavesOf(node: unknown, path: Path = [], keys: readonly Pair[] = []): Leaf[] {
  if (isFact(path)) return [];
  if (isSeq(node)) return node.items.flatMap((item) => leavesOf(item, path, keys));
  if (isMap(node)) {
    return node.items.flatMap((pair) =>
      leavesOf(
        pair.value,
        [...path, String(isScalar(pair.key) ? pair.key.value : pair.key)],
        [...keys, pair],
      ),
    );
  }
  return path.length === 0 ? [] : [{ path, keys, value: isScalar(node) ? node.value : node }];
}

/** All settings in the text of a file that differ from the shipped defaults. */
function ownSettings(yaml: string): OwnSetting[] {
  const counter = new LineCounter();
  const { contents } = parseDocument(yaml, { lineCounter: counter });
  const lines = yaml.split("\n");
  const lineOf = ({ key }: Pair): number => counter.linePos((key as Node).range?.[0] ?? 0).line;
  const hasReason = (line: number): boolean => REASON.test(lines[line - 1] ?? "");
  return leavesOf(contents).flatMap(({ path, keys, value }) => {
    if (value === null || value === undefined) return [];
    const isOfTarget = path[0] === "providers" || path[0] === "models";
    if (!isOfTarget && !differs(environmentName(path), String(value))) return [];
    const line = keys.map(lineOf).findLast(hasReason);
    const because = REASON.exec(lines[(line ?? 0) - 1] ?? "")?.[1];
    return [{ key: path.join("."), because, line }];
  });
}

/**
 * Throws if a setting of the file differs from the shipped default without a reason, if a reason belongs to no such
 * setting, or if the environment has such a setting, because the environment cannot hold a reason.
 */
export function requireReasons(yaml: string, environment: Environment = {}): void {
  const own = ownSettings(yaml);
  const without = own.filter(({ because }) => because === undefined).map(({ key }) => key);
  if (without.length > 0) {
    throw new Error(
      `${without.join(", ")}: not the shipped default; say on the line why: \`# because: …\``,
    );
  }
  const idle = yaml
    .split("\n")
    .filter((text, index) => REASON.test(text) && !own.some(({ line }) => line === index + 1));
  if (idle.length > 0) throw new Error(`a reason for the shipped default: ${idle.join("; ")}`);
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("STEER_") || isFactVariable(name) || value === undefined) continue;
    if (!differs(name, value)) continue;
    throw new Error(`${name}: not the shipped default; set it in the file, and say why there`);
  }
}

/** A section of a configuration, built as an object, with the reason for its line. */
class Explained {
  readonly because: string;
  readonly section: object;

  constructor(because: string, section: object) {
    this.because = because;
    this.section = section;
  }
}

export function because(reason: string, section: object): object {
  return new Explained(reason, section);
}

/** The sections of an object, one per line. */
export function sectionLines(sections: object): string {
  return Object.entries(sections)
    .map(([name, given]) =>
      given instanceof Explained
        ? `${name}: ${JSON.stringify(given.section)} # because: ${given.because}\n`
        : `${name}: ${JSON.stringify(given)}\n`,
    )
    .join("");
}
