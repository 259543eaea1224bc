// Messages of the contract as generators, derived from the descriptors: every field, and values that no provider sends.
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";

/** Lengths around those at which the encoding changes, with and without characters beyond ASCII. */
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 4, arbitrary: fc.string({ maxLength: 150 }) },
  fc.constantFrom("\ud800", "a\udc00b", "é".repeat(64), "x".repeat(20_000), "\u0000", "\ufeff"),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  fc.uint8Array({ minLength: 120, maxLength: 200 }),
);
const int32 = fc.oneof(fc.integer(), fc.nat(300), fc.constantFrom(-(2 ** 31), -1, 2 ** 31 - 1));
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 40n }),
  fc.constantFrom(-1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n),
);
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom("__proto__", "7"),
);
const json = fc.letrec((tie) => ({
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

/** Fields of a newer version of the contract. */
const unknown = fc.array(
  fc.record({
    no: fc.constantFrom(21, 2_047, 100_000),
    wireType: fc.constant(2),
    data: fc.uint8Array({ maxLength: 5 }).map((data) => Uint8Array.of(data.length, ...data)),
  }),
  { minLength: 1, maxLength: 2 },
);

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.oneof(fc.double(), fc.constantFrom(-0, 0));
    case ScalarType.INT32:
      return int32;
    case ScalarType.INT64:
      return int64;
    case ScalarType.FIXED32:
      return fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    default:
      throw new Error(`no generator of scalars of type ${ScalarType[type]}`);
  }
}

/** Values of a field; undefined: it is not set, because the message would be too deep. */
function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field.scalar);
    case "enum":
      // The value can be one of a newer version.
      return fc.oneof(fc.constantFrom(...field.enum.values.map(({ number }) => number)), int32);
    case "message":
      return messageOf(field.message, depth - 1);
    case "list": {
      const each = field.listKind === "message" ? messageOf(field.message, depth - 1) : undefined;
      return each && fc.array(each, { maxLength: 2 });
    }
    case "map":
      return fc.dictionary(key, json, { maxKeys: 2, noNullPrototype: true });
  }
}

function messageOf(desc: DescMessage, depth: number): fc.Arbitrary<unknown> | undefined {
  if (desc.typeName === "google.protobuf.Struct") return json;
  return depth === 0 ? undefined : contractMessage(desc, depth);
}

/** Messages of a type, nested at most `depth` deep. */
export function contractMessage(desc: DescMessage, depth = 6): fc.Arbitrary<Message> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    const value = field.oneof === undefined ? fieldValue(field, depth) : undefined;
    if (value !== undefined) fields[field.localName] = value;
  }
  for (const { localName, fields: cases } of desc.oneofs) {
    const values = cases.flatMap((field) => {
      const value = fieldValue(field, depth);
      return value === undefined ? [] : value.map((set) => ({ case: field.localName, value: set }));
    });
    if (values.length > 0) fields[localName] = fc.oneof(...values);
  }
  const given = fc.record(fields, { requiredKeys: [], noNullPrototype: true });
  return fc.tuple(given, fc.option(unknown, { freq: 9, nil: undefined })).map(([init, newer]) => {
    const message = create(desc, init);
    return newer === undefined ? message : Object.assign(message, { $unknown: newer });
  });
}
