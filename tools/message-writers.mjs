// Generates service/message-writers.ts from steer.binpb in the same folder: a function for each message of answers and
// events that writes its fields. The library has one encoder for all messages, which costs three times as much.
//   node tools/message-writers.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Messages that calls and streams send all the time. Others are left to the library. */
const ROOTS = ["steer.v1.GenerateResponse", "steer.v1.StreamEvent"];
const STRUCT = "google.protobuf.Struct";
const WELL_KNOWN = "google.protobuf.";

const VARINT = 0;
const BIT64 = 1;
const DELIMITED = 2;
const BIT32 = 5;

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

function unsupported(field) {
  throw new Error(`${field}: tools/message-writers.mjs cannot write a field of this kind`);
}

function scalarOf(field) {
  if (field.fieldKind === "enum") return SCALARS[ScalarType.INT32];
  return SCALARS[field.scalar] ?? unsupported(field);
}

const tag = (number, wireType) => (number << 3) | wireType;
const nameOf = (desc) => desc.typeName.split(".").at(-1);
const isStruct = (desc) => desc.typeName === STRUCT;
const writerOf = (desc) => `write${nameOf(desc)}`;

/** Lines that write a message within a message. */
function nested(number, desc, value) {
  return [
    `const at = w.open(${tag(number, DELIMITED)});`,
    isStruct(desc) ? `w.struct(${value});` : `${writerOf(desc)}(w, ${value});`,
    "w.close(at);",
  ];
}

/** Lines that write a value that is set. */
function written(field, value) {
  if (field.fieldKind === "message") return nested(field.number, field.message, value);
  const [method, wireType] = scalarOf(field);
  return [`w.${method}(${tag(field.number, wireType)}, ${value});`];
}

const indented = (lines) => lines.map((line) => `  ${line}`);
const block = (head, lines) => [`${head} {`, ...indented(lines), "}"];
const when = (condition, lines) =>
  lines.length === 1 ? [`${condition} ${lines[0]}`] : block(condition, lines);

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
      return block(`for (const each of ${value})`, nested(field.number, field.message, "each"));
    case "map":
      return mapLines(field, value);
  }
}

/** Lines of a map of texts to objects of JSON. */
function mapLines(field, value) {
  const isKnown = field.mapKey === ScalarType.STRING && field.mapKind === "message";
  if (!isKnown || !isStruct(field.message)) return unsupported(field);
  return block(`for (const [key, value] of Object.entries(${value}))`, [
    `const entry = w.open(${tag(field.number, DELIMITED)});`,
    `w.string(${tag(1, DELIMITED)}, key);`,
    ...nested(2, field.message, "value"),
    "w.close(entry);",
  ]);
}

function oneofLines(oneof) {
  const cases = oneof.fields.flatMap((field) =>
    block(`case "${field.localName}":`, [
      ...written(field, `m.${oneof.localName}.value`),
      "break;",
    ]),
  );
  return block(`switch (m.${oneof.localName}.case)`, cases);
}

/** The order of the library: by field number. A oneof is written in one piece. */
function stepsOf(desc) {
  const steps = [];
  for (const field of desc.fields.toSorted((one, other) => one.number - other.number)) {
    const oneof = field.proto.proto3Optional ? undefined : field.oneof;
    if (oneof === undefined) steps.push({ lines: fieldLines(field) });
    else if (steps.at(-1)?.oneof === oneof) continue;
    else if (steps.some((step) => step.oneof === oneof)) unsupported(field);
    else steps.push({ oneof, lines: oneofLines(oneof) });
  }
  return steps;
}

function functionOf(desc) {
  const exported = ROOTS.includes(desc.typeName) ? "export " : "";
  return [
    "",
    ...block(`${exported}function ${writerOf(desc)}(w: WireWriter, m: ${nameOf(desc)}): void`, [
      ...stepsOf(desc).flatMap(({ lines }) => lines),
      "if (m.$unknown !== undefined) w.unknown(m.$unknown);",
    ]),
  ];
}

/** The message and all messages in it. */
function reach(desc, reached) {
  if (reached.has(desc) || isStruct(desc)) return;
  reached.add(desc);
  for (const field of desc.fields) if (field.message !== undefined) reach(field.message, reached);
}

function importsOf(messages) {
  const modules = new Map();
  for (const desc of messages) {
    const module = desc.typeName.startsWith(WELL_KNOWN)
      ? "@bufbuild/protobuf/wkt"
      : `./${desc.file.name}_pb.ts`;
    modules.set(module, [...(modules.get(module) ?? []), nameOf(desc)]);
  }
  return [...modules]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([module, names]) => `import type { ${names.toSorted().join(", ")} } from "${module}";`);
}

const [, , folder] = process.argv;
const image = readFileSync(join(folder, "steer.binpb"));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
const reached = new Set();
for (const name of ROOTS) reach(registry.getMessage(name), reached);
const messages = [...reached].sort((one, other) => (one.typeName < other.typeName ? -1 : 1));
const lines = [
  "// Generated by tools/message-writers.mjs from the contract. Do not edit.",
  ...importsOf(messages),
  'import type { WireWriter } from "../../src/rpc/wire-writer.ts";',
  ...messages.flatMap(functionOf),
  "",
];
writeFileSync(join(folder, "service", "message-writers.ts"), lines.join("\n"));
