// The standard rules of `buf.validate` for single values, compiled to checks and their words.
import { createRegistry, type DescEnum, type Message } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectList, reflect } from "@bufbuild/protobuf/reflect";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  type FieldRules,
  file_buf_validate_validate,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { Breaches } from "./breaches.ts";

export type Check<Value = never> = (value: Value) => boolean;

/** A rule of a value, and what an error says of a value that breaks it, in the words of protovalidate. */
export interface Rule<Value> {
  readonly obeys: Check<Value>;
  readonly breach: string;
}

/** All rules of a value. `find` adds what the value breaks; `path` is the value's own. */
export interface ValueRules<Value = never> {
  readonly obeys: Check<Value>;
  readonly find: (value: Value, path: string, breaches: Breaches) => void;
}

/** Compilers of rules by name; their parameter is the value of the rule. */
export type Compilers<Value> = Readonly<Record<string, (bound: never) => Rule<Value>>>;
/** The rules of a value, by its type. */
export type TypeRules = FieldRules["type"];
type NamedRules = Readonly<Record<string, unknown>>;

/** A rule that has no compiled check. */
export class UnknownRule extends Error {
  override readonly name = "UnknownRule";

  constructor(rule: string) {
    super(`the rule ${rule} of the contract has no compiled check`);
  }
}

const registry = createRegistry(file_buf_validate_validate);

/** The rules that are set in a message of `buf.validate`, by name. */
export function setRules(rules: Message): NamedRules {
  const schema = registry.getMessage(rules.$typeName);
  if (schema === undefined || rules.$unknown !== undefined) throw new UnknownRule(rules.$typeName);
  const reflected = reflect(schema, rules);
  const entries = schema.fields
    .filter((field) => reflected.isSet(field))
    .map((field): [string, unknown] => {
      const value = reflected.get(field);
      return [field.localName, isReflectMessage(value) ? value.message : value];
    });
  return Object.fromEntries(entries);
}

function allOf<Value>(rules: readonly Rule<Value>[]): Check<Value> {
  const [first, second, third] = rules.map(({ obeys }) => obeys);
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  return (value) => rules.every(({ obeys }) => obeys(value));
}

/** Both ends of a range are one rule, and the lower end is named first. */
function joinRange<Value>(rules: ReadonlyMap<string, Rule<Value>>): readonly Rule<Value>[] {
  const low = rules.get("gt") ?? rules.get("gte");
  const high = rules.get("lt") ?? rules.get("lte");
  if (low === undefined || high === undefined) return [...rules.values()];
  const obeys = allOf([low, high]);
  // Only the words of the first end have the verb.
  const breach = `${low.breach} and ${high.breach.replace(/^must be /, "")}`;
  const others = [...rules.values()].filter((rule) => rule !== low && rule !== high);
  return [{ obeys, breach }, ...others];
}

/** All rules together. Throws `UnknownRule`. */
export function compileRules<Value>(
  named: NamedRules,
  compilers: Compilers<Value>,
): ValueRules<Value> {
  const compiled = Object.entries(named).map(([name, bound]): [string, Rule<Value>] => {
    const compile = Object.hasOwn(compilers, name) ? compilers[name] : undefined;
    if (compile === undefined) throw new UnknownRule(name);
    return [name, compile(bound as never)];
  });
  const rules = joinRange(new Map(compiled));
  return {
    obeys: allOf(rules),
    find(value, path, breaches) {
      for (const { obeys, breach } of rules) if (!obeys(value)) breaches.add(path, breach);
    },
  };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Patterns that RE2 and JavaScript read alike: characters and classes of ASCII, with bounded repetition. */
const PLAIN_PATTERN = /^\^(?:(?:\[[\w.:-]+\]|[\w:/])(?:\{\d+(?:,\d+)?\})?)+\$?$/;

function compilePattern(pattern: string): Rule<string> {
  if (!PLAIN_PATTERN.test(pattern)) throw new UnknownRule(`pattern ${pattern}`);
  const expression = new RegExp(pattern);
  return {
    obeys: (text) => expression.test(text),
    breach: `does not match regex pattern \`${pattern}\``,
  };
}

const STRING: Compilers<string> = {
  // A character has one or two units, and a unit has at most three bytes.
  minLen: (least: bigint) => ({
    obeys: (text) => text.length >= 2 * Number(least) || characters(text) >= Number(least),
    breach: `must be at least ${least} characters`,
  }),
  maxLen: (most: bigint) => ({
    obeys: (text) => text.length <= Number(most) || characters(text) <= Number(most),
    breach: `must be at most ${most} characters`,
  }),
  maxBytes: (most: bigint) => ({
    obeys: (text) => 3 * text.length <= Number(most) || Buffer.byteLength(text) <= Number(most),
    breach: `must be at most ${most} bytes`,
  }),
  pattern: compilePattern,
};

const BYTES: Compilers<Uint8Array> = {
  maxLen: (most: bigint) => ({
    obeys: (bytes) => bytes.byteLength <= Number(most),
    breach: `must be at most ${most} bytes`,
  }),
};

const GREATER = "must be greater than";
const LESS = "must be less than";

const NUMBER: Compilers<number | bigint> = {
  gt: (bound: number | bigint) => ({
    obeys: (value) => value > bound,
    breach: `${GREATER} ${bound}`,
  }),
  gte: (bound: number | bigint) => ({
    obeys: (value) => value >= bound,
    breach: `${GREATER} or equal to ${bound}`,
  }),
  lt: (bound: number | bigint) => ({ obeys: (value) => value < bound, breach: `${LESS} ${bound}` }),
  lte: (bound: number | bigint) => ({
    obeys: (value) => value <= bound,
    breach: `${LESS} or equal to ${bound}`,
  }),
  finite: (isOn: boolean) => ({
    obeys: (value) => !isOn || Number.isFinite(value),
    breach: "must be finite",
  }),
};

const SCALARS: Readonly<Record<string, Compilers<never>>> = {
  string: STRING,
  bytes: BYTES,
  double: NUMBER,
  float: NUMBER,
  int32: NUMBER,
  int64: NUMBER,
  uint32: NUMBER,
  uint64: NUMBER,
};

/** The rules of a scalar; undefined: every value obeys. Throws `UnknownRule`. */
export function compileScalar(type: TypeRules): ValueRules | undefined {
  if (type.case === undefined) return;
  const compilers = SCALARS[type.case];
  if (compilers === undefined) throw new UnknownRule(type.case);
  return compileRules(setRules(type.value), compilers);
}

/** The rules of an enum's number; undefined: every number obeys. Throws `UnknownRule`. */
export function compileEnum(type: TypeRules, { values }: DescEnum): ValueRules<number> | undefined {
  if (type.case === undefined) return;
  if (type.case !== "enum") throw new UnknownRule(type.case);
  const defined = new Set(values.map(({ number }) => number));
  return compileRules(setRules(type.value), {
    definedOnly: (isOn: boolean) => ({
      obeys: (value) => !isOn || defined.has(value),
      breach: "value must be one of the defined enum values",
    }),
    in: (list: ReflectList) => {
      const accepted = new Set<unknown>(list);
      const breach = `must be in list [${[...accepted].join(", ")}]`;
      return { obeys: (value) => accepted.has(value), breach };
    },
    notIn: (list: ReflectList) => {
      const refused = new Set<unknown>(list);
      const breach = `must not be in list [${[...refused].join(", ")}]`;
      return { obeys: (value) => !refused.has(value), breach };
    },
  });
}

/** The order of two durations, by seconds and then by nanoseconds; negative: `one` is shorter. */
export function compareDurations(one: Duration, other: Duration): number {
  return Number(one.seconds - other.seconds) || one.nanos - other.nanos;
}

function shown({ seconds, nanos }: Duration): string {
  if (nanos === 0) return `${seconds}s`;
  if (seconds < 0n || nanos < 0) throw new UnknownRule("a negative duration");
  return `${seconds}.${String(nanos).padStart(9, "0").replace(/0+$/, "")}s`;
}

const DURATION: Compilers<Duration> = {
  gt: (bound: Duration) => ({
    obeys: (value) => compareDurations(value, bound) > 0,
    breach: `${GREATER} ${shown(bound)}`,
  }),
  gte: (bound: Duration) => ({
    obeys: (value) => compareDurations(value, bound) >= 0,
    breach: `${GREATER} or equal to ${shown(bound)}`,
  }),
  lte: (bound: Duration) => ({
    obeys: (value) => compareDurations(value, bound) <= 0,
    breach: `${LESS} or equal to ${shown(bound)}`,
  }),
};

/** The rules of a duration; undefined: every duration obeys. Throws `UnknownRule`. */
export function compileDuration(type: TypeRules): ValueRules<Duration> | undefined {
  if (type.case === undefined) return;
  if (type.case !== "duration") throw new UnknownRule(type.case);
  return compileRules(setRules(type.value), DURATION);
}
