// Tests start the service with the shipped defaults. A setting that differs says why, on its line of the
// configuration or on the line of its section: `drain: {grace: 1s} # because: the test waits for its end`.
import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { environmentName } from "../../src/config/sources.ts";

type Path = readonly string[];
type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that differs from the shipped default. */
interface OwnSetting {
  /** Such as `drain.grace`, or `providers.timeouts.idle` of one instance. */
  readonly key: string;
  readonly because: string | undefined;
  /** The line of the reason, from 1. */
  readonly line: number | undefined;
}

/** Where the service listens, whom it serves and calls, and where it keeps things: every user says that. */
const FACTS = new Set([
  "grpc.address",
  "grpc.tls",
  "http.address",
  "http.tls",
  "http.cors_origins",
  "http.hosts",
  "callers",
  "allow_unauthenticated",
  "stream.store",
  "accounting.usage_file",
]);

/** Settings of one instance or one model; what else they have describes the provider. */
const OF_TARGETS = new Set([
  "timeouts",
  "limit",
  "unary_upstream",
  "trace_context",
  "failover_on_content_filter",
]);

/** The same in the environment. */
function isFactVariable(name: string): boolean {
  if (name === "STEER_CONFIG" || name.startsWith("STEER_PRICING_OVERRIDES_")) return true;
  return [...FACTS].some((fact) => name.startsWith(environmentName(fact.split("."))));
}

const REASON = /#\s*because:\s*(\S.*)$/;

/** With one key given alone, is the configuration another? */
function differs(variable: string, value: string): boolean {
  try {
    return !isDeepStrictEqual(loadConfig({}, { [variable]: value }), shipped());
  } catch {
    // A key that is refused alone goes with another.
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

/** A key with the keys that it is in; the positions of lists are left out. */
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

/** All settings of the text of a file that differ from the shipped defaults. */
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
 * Throws where a setting of the file differs from the shipped default without a reason, where a reason has
 * no such setting, and where the environment has such a setting, since a reason could not stand there.
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

/** A section of a configuration that is made as an object, with the reason that its line will have. */
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

/** The sections of an object, a line each. */
export function sectionLines(sections: object): string {
  return Object.entries(sections)
    .map(([name, given]) =>
      given instanceof Explained
        ? `${name}: ${JSON.stringify(given.section)} # because: ${given.because}\n`
        : `${name}: ${JSON.stringify(given)}\n`,
    )
    .join("");
}
