// Messages of the contract as generators, derived from the descriptors: every field is set or not.
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";

/** What the fields hold. */
interface Values {
  readonly text: fc.Arbitrary<string>;
  readonly int32: fc.Arbitrary<number>;
  readonly json: fc.Arbitrary<unknown>;
  readonly key: fc.Arbitrary<string>;
  /** Fields of a newer version of the contract. */
  readonly unknown: fc.Arbitrary<unknown>;
}

function jsonOf(text: fc.Arbitrary<string>, key: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  })).object;
}

/** Lengths around those at which the encoding changes, with and without characters beyond ASCII. */
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 4, arbitrary: fc.string({ maxLength: 150 }) },
  fc.constantFrom("é".repeat(64), "x".repeat(20_000), "\u007f\u0080", "\u0080", "\ufeff"),
);
const key = fc.string({ maxLength: 5 }).filter((name) => name !== "__proto__");

/** What callers send. */
export const USUAL: Values = {
  text,
  int32: fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1)),
  json: jsonOf(text, key),
  key,
  unknown: fc.constant(undefined),
};

const anyText = fc.oneof({ weight: 9, arbitrary: text }, fc.constantFrom("\ud800", "a\udc00b"));
const anyKey = fc.oneof(key, fc.constantFrom("__proto__", "7"));
const anyUnknown = fc.array(
  fc.record({
    no: fc.constantFrom(21, 2_047, 100_000),
    wireType: fc.constant(2),
    data: fc.uint8Array({ maxLength: 5 }).map((data) => Uint8Array.of(data.length, ...data)),
  }),
  { minLength: 1, maxLength: 2 },
);

/** Whatever the encoding can express. */
export const ANY: Values = {
  text: anyText,
  int32: fc.oneof(fc.nat(300), fc.integer(), fc.constantFrom(-(2 ** 31), -1, 2 ** 31 - 1)),
  json: jsonOf(anyText, anyKey),
  key: anyKey,
  unknown: fc.option(anyUnknown, { freq: 9, nil: undefined }),
};

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  fc.uint8Array({ minLength: 120, maxLength: 200 }),
);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 40n }),
  fc.constantFrom(-1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 49n, 2n ** 53n - 1n, 2n ** 53n + 1n),
);

function scalar(type: ScalarType, values: Values): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return values.text;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.oneof(fc.double(), fc.constantFrom(-0, 0));
    case ScalarType.INT32:
      return values.int32;
    case ScalarType.INT64:
      return int64;
    case ScalarType.FIXED32:
      return fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    default:
      throw new Error(`no generator of scalars of type ${ScalarType[type]}`);
  }
}

function single(
  field: DescField,
  values: Values,
  depth: number,
): fc.Arbitrary<unknown> | undefined {
  if (field.message?.typeName === "google.protobuf.Struct") return values.json;
  if (field.message !== undefined) {
    return depth === 1 ? undefined : contractMessage(field.message, values, depth - 1);
  }
  // The value can be one of a newer version.
  if (field.enum !== undefined) {
    return fc.oneof(
      fc.constantFrom(...field.enum.values.map(({ number }) => number)),
      values.int32,
    );
  }
  return scalar(field.scalar as ScalarType, values);
}

/** Values of a field; undefined: it is not set, because its message would be too deep. */
function fieldValues(
  field: DescField,
  values: Values,
  depth: number,
): fc.Arbitrary<unknown> | undefined {
  const each = single(field, values, depth);
  if (field.fieldKind === "list") return each && fc.array(each, { maxLength: 2 });
  if (field.fieldKind !== "map") return each;
  return each && fc.dictionary(values.key, each, { maxKeys: 2, noNullPrototype: true });
}

/** Messages of a type, nested at most `depth` deep. */
export function contractMessage(
  desc: DescMessage,
  values: Values,
  depth = 6,
): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    const value = field.oneof === undefined ? fieldValues(field, values, depth) : undefined;
    if (value !== undefined) fields[field.localName] = value;
  }
  for (const { localName, fields: cases } of desc.oneofs) {
    const set = cases.flatMap((field) => {
      const value = fieldValues(field, values, depth);
      return value === undefined ? [] : value.map((own) => ({ case: field.localName, value: own }));
    });
    if (set.length > 0) fields[localName] = fc.oneof(...set);
  }
  const given = fc.record(fields, { requiredKeys: [], noNullPrototype: true });
  return fc.tuple(given, values.unknown).map(([init, newer]) => {
    const message = create(desc, init);
    return newer === undefined ? message : Object.assign(message, { $unknown: newer });
  });
}
