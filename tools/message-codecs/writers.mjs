import { ScalarType } from "@bufbuild/protobuf";
import {
  BIT32,
  BIT64,
  block,
  DELIMITED,
  importsOf,
  isStruct,
  messagesOf,
  nameOf,
  oneofOf,
  tag,
  unsupported,
  VARINT,
} from "./contract.mjs";

/** The writer's method, the wire type, and when a value is not the default. */
const SCALARS = {
  [ScalarType.INT32]: ["int32", VARINT, (value) => `${value} !== 0`],
  [ScalarType.INT64]: ["int64", VARINT, (value) => `${value} !== 0n`],
  [ScalarType.BOOL]: ["bool", VARINT, (value) => `${value} !== false`],
  [ScalarType.FIXED32]: ["fixed32", BIT32, (value) => `${value} !== 0`],
  [ScalarType.DOUBLE]: ["double", BIT64, (value) => `!Object.is(${value}, 0)`],
  [ScalarType.STRING]: ["string", DELIMITED, (value) => `${value} !== ""`],
  [ScalarType.BYTES]: ["bytes", DELIMITED, (value) => `${value}.byteLength > 0`],
};

function scalarOf(field) {
  if (field.fieldKind === "enum") return SCALARS[ScalarType.INT32];
  return SCALARS[field.scalar] ?? unsupported(field);
}

const when = (condition, lines) =>
  lines.length === 1 ? [`${condition} ${lines[0]}`] : block(condition, lines);

/** Lines that write a message within a message. */
function nested(number, desc, value) {
  return [
    `const at = w.open(${tag(number, DELIMITED)});`,
    isStruct(desc) ? `w.struct(${value});` : `write${nameOf(desc)}(w, ${value});`,
    "w.close(at);",
  ];
}

/** Lines that write a value that is set. */
function written(field, value) {
  if (field.fieldKind === "message") return nested(field.number, field.message, value);
  const [method, wireType] = scalarOf(field);
  return [`w.${method}(${tag(field.number, wireType)}, ${value});`];
}

/** Lines of a field outside a oneof. */
function fieldLines(field) {
  const value = `m.${field.localName}`;
  switch (field.fieldKind) {
    case "scalar":
    case "enum": {
      const [, , isSet] = scalarOf(field);
      // Proto3: a field without presence is left out if it has the default.
      const condition = field.proto.proto3Optional ? `${value} !== undefined` : isSet(value);
      return when(`if (${condition})`, written(field, value));
    }
    case "message":
      return when(`if (${value} !== undefined)`, written(field, value));
    case "list":
      if (field.listKind !== "message") return unsupported(field);
      return when(`for (const each of ${value})`, nested(field.number, field.message, "each"));
    case "map":
      return mapLines(field, value);
  }
}

/** Lines of the values of a map: texts, or objects of JSON. */
function mapValueLines(field) {
  if (field.mapKind === "message" && isStruct(field.message))
    return nested(2, field.message, "value");
  if (field.scalar === ScalarType.STRING) return [`w.string(${tag(2, DELIMITED)}, value);`];
  return unsupported(field);
}

/** Lines of a map with texts as keys. */
function mapLines(field, value) {
  if (field.mapKey !== ScalarType.STRING) return unsupported(field);
  return block(`for (const [key, value] of Object.entries(${value}))`, [
    `const entry = w.open(${tag(field.number, DELIMITED)});`,
    `w.string(${tag(1, DELIMITED)}, key);`,
    ...mapValueLines(field),
    "w.close(entry);",
  ]);
}

function oneofLines({ localName, fields }) {
  const cases = fields.flatMap((field) =>
    block(`case "${field.localName}":`, [...written(field, `m.${localName}.value`), "break;"]),
  );
  return block(`switch (m.${localName}.case)`, cases);
}

/** The order of the library: by field number. A oneof is written in one piece. */
function stepsOf(desc) {
  const steps = [];
  for (const field of desc.fields.toSorted((one, other) => one.number - other.number)) {
    const oneof = oneofOf(field);
    if (oneof === undefined) steps.push({ lines: fieldLines(field) });
    else if (steps.at(-1)?.oneof === oneof) continue;
    else if (steps.some((step) => step.oneof === oneof)) unsupported(field);
    else steps.push({ oneof, lines: oneofLines(oneof) });
  }
  return steps;
}

function functionOf(desc, isRoot) {
  const name = nameOf(desc);
  return [
    "",
    ...block(`${isRoot ? "export " : ""}function write${name}(w: WireWriter, m: ${name}): void`, [
      ...stepsOf(desc).flatMap(({ lines }) => lines),
      "if (m.$unknown !== undefined) w.unknown(m.$unknown);",
    ]),
  ];
}

/** Lines of a module with a writer for each message. Those of `roots` are exported. */
export function writersOf(registry, roots) {
  const messages = messagesOf(registry, roots);
  return [
    ...importsOf(messages),
    'import type { WireWriter } from "../../src/rpc/wire-writer.ts";',
    ...messages.flatMap((desc) => functionOf(desc, roots.includes(desc.typeName))),
  ];
}
