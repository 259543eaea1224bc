// The standard rules of `buf.validate` for single values, compiled to checks.
import { createRegistry, type DescEnum, type Message } from "@bufbuild/protobuf";
import { isReflectMessage, type ReflectList, reflect } from "@bufbuild/protobuf/reflect";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  type FieldRules,
  file_buf_validate_validate,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** True: the value obeys its rules. False: only the library knows. */
export type Check<Value = never> = (value: Value) => boolean;
/** Compilers of checks, by the name of the rule; their parameter is the value of the rule. */
export type Compilers<Value> = Readonly<Record<string, (bound: never) => Check<Value>>>;
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

/** The check of all rules together. Throws `UnknownRule`. */
export function compileRules<Value>(rules: NamedRules, compilers: Compilers<Value>): Check<Value> {
  const checks = Object.entries(rules).map(([name, bound]) => {
    const compile = Object.hasOwn(compilers, name) ? compilers[name] : undefined;
    if (compile === undefined) throw new UnknownRule(name);
    return compile(bound as never);
  });
  const [first, second, third] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  return (value) => checks.every((check) => check(value));
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Patterns that RE2 and JavaScript read alike: characters and classes of ASCII, with bounded repetition. */
const PLAIN_PATTERN = /^\^(?:(?:\[[\w.:-]+\]|[\w:/])(?:\{\d+(?:,\d+)?\})?)+\$?$/;

function compilePattern(pattern: string): Check<string> {
  if (!PLAIN_PATTERN.test(pattern)) throw new UnknownRule(`pattern ${pattern}`);
  const expression = new RegExp(pattern);
  return (text) => expression.test(text);
}

const STRING: Compilers<string> = {
  // A character has one or two units, and a unit has at most three bytes.
  minLen: (least: bigint) => (text) =>
    text.length >= 2 * Number(least) || characters(text) >= Number(least),
  maxLen: (most: bigint) => (text) =>
    text.length <= Number(most) || characters(text) <= Number(most),
  maxBytes: (most: bigint) => (text) =>
    3 * text.length <= Number(most) || Buffer.byteLength(text) <= Number(most),
  pattern: compilePattern,
};

const BYTES: Compilers<Uint8Array> = {
  maxLen: (most: bigint) => (bytes) => bytes.byteLength <= Number(most),
};

const NUMBER: Compilers<number | bigint> = {
  gt: (bound: number | bigint) => (value) => value > bound,
  gte: (bound: number | bigint) => (value) => value >= bound,
  lt: (bound: number | bigint) => (value) => value < bound,
  lte: (bound: number | bigint) => (value) => value <= bound,
  finite: (isOn: boolean) => (value) => !isOn || Number.isFinite(value),
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

/** The check of a scalar; undefined: every value obeys. Throws `UnknownRule`. */
export function compileScalar(type: TypeRules): Check | undefined {
  if (type.case === undefined) return;
  const compilers = SCALARS[type.case];
  if (compilers === undefined) throw new UnknownRule(type.case);
  return compileRules(setRules(type.value), compilers);
}

/** The check of an enum's number; undefined: every number obeys. Throws `UnknownRule`. */
export function compileEnum(type: TypeRules, { values }: DescEnum): Check<number> | undefined {
  if (type.case === undefined) return;
  if (type.case !== "enum") throw new UnknownRule(type.case);
  const defined = new Set(values.map(({ number }) => number));
  return compileRules(setRules(type.value), {
    definedOnly: (isOn: boolean) => (value) => !isOn || defined.has(value),
    in: (list: ReflectList) => {
      const accepted = new Set<unknown>(list);
      return (value) => accepted.has(value);
    },
    notIn: (list: ReflectList) => {
      const refused = new Set<unknown>(list);
      return (value) => !refused.has(value);
    },
  });
}

const MAX_SECONDS = 315_576_000_000n;
const MAX_NANOS = 999_999_999;

/** Whether seconds and nanoseconds are in their ranges, and have the same sign. */
function isNormal({ seconds, nanos }: Duration): boolean {
  if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) return false;
  return nanos >= (seconds > 0n ? 0 : -MAX_NANOS) && nanos <= (seconds < 0n ? 0 : MAX_NANOS);
}

/** The order of two normal durations; negative: `one` is shorter. */
export function compareDurations(one: Duration, other: Duration): number {
  return Number(one.seconds - other.seconds) || one.nanos - other.nanos;
}

const DURATION: Compilers<Duration> = {
  gt: (bound: Duration) => (value) => compareDurations(value, bound) > 0,
  gte: (bound: Duration) => (value) => compareDurations(value, bound) >= 0,
  lte: (bound: Duration) => (value) => compareDurations(value, bound) <= 0,
};

/** The check of a duration. A duration that is not normal is left to the library. Throws `UnknownRule`. */
export function compileDuration(type: TypeRules): Check<Duration> {
  if (type.case === undefined) return isNormal;
  if (type.case !== "duration") throw new UnknownRule(type.case);
  const check = compileRules(setRules(type.value), DURATION);
  return (value) => isNormal(value) && check(value);
}
