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

/** The reader's method, the wire type, and the default. */
const SCALARS = {
  [ScalarType.INT32]: ["int32", VARINT, "0"],
  [ScalarType.FIXED32]: ["fixed32", BIT32, "0"],
  [ScalarType.INT64]: ["int64", VARINT, "0n"],
  [ScalarType.BOOL]: ["bool", VARINT, "false"],
  [ScalarType.DOUBLE]: ["double", BIT64, "0"],
  [ScalarType.STRING]: ["string", DELIMITED, '""'],
  [ScalarType.BYTES]: ["bytes", DELIMITED, "new Uint8Array(0)"],
};

const ENUM = ["enum", VARINT, "0"];

function scalarOf(field) {
  const isEnum = field.fieldKind === "enum" || field.listKind === "enum";
  return isEnum ? ENUM : (SCALARS[field.scalar] ?? unsupported(field));
}

const readMessage = (desc) =>
  isStruct(desc) ? "r.struct(r.end())" : `read${nameOf(desc)}(r, r.end())`;

/** The wire type of a single value, and the expression that reads the value. */
function readValue(field) {
  if (field.message !== undefined) return [DELIMITED, readMessage(field.message)];
  const [method, wireType] = scalarOf(field);
  return [wireType, `r.${method}()`];
}

const caseOf = (field, wireType, lines) => [
  `case ${tag(field.number, wireType)}:`,
  ...[...lines, "break;"].map((line) => `  ${line}`),
];

function listCases(field, member) {
  const [wireType, value] = readValue(field);
  const single = caseOf(field, wireType, [`${member}.push(${value});`]);
  if (wireType === DELIMITED) return single;
  const packed = `for (const last = r.end(); r.at < last; ) ${member}.push(${value});`;
  return [...single, ...caseOf(field, DELIMITED, [packed])];
}

function mapCases(field, member) {
  if (field.mapKey !== ScalarType.STRING) return unsupported(field);
  const read =
    field.mapKind === "scalar" && field.scalar === ScalarType.STRING
      ? `r.textEntry(${member});`
      : field.mapKind === "message" && isStruct(field.message)
        ? `r.structEntry(${member});`
        : unsupported(field);
  return caseOf(field, DELIMITED, [read]);
}

function singularCases(field) {
  const [wireType, value] = readValue(field);
  const oneof = oneofOf(field);
  if (oneof !== undefined) {
    const member = `m.${oneof.localName}`;
    return caseOf(field, wireType, [
      // The library joins two values of one field.
      `r.once(${member}.case);`,
      `${member} = { case: "${field.localName}", value: ${value} };`,
    ]);
  }
  const member = `m.${field.localName}`;
  const once = field.message === undefined ? [] : [`r.once(${member});`];
  return caseOf(field, wireType, [...once, `${member} = ${value};`]);
}

function casesOf(field) {
  const member = `m.${field.localName}`;
  if (field.fieldKind === "list") return listCases(field, member);
  return field.fieldKind === "map" ? mapCases(field, member) : singularCases(field);
}

/** The default of a field; undefined: the field is not set. */
function defaultOf(field) {
  if (field.fieldKind === "list") return "[]";
  if (field.fieldKind === "map") return "{}";
  if (field.message !== undefined || field.proto.proto3Optional) return undefined;
  return scalarOf(field)[2];
}

function membersOf(desc) {
  const own = desc.fields.flatMap((field) => {
    const value = oneofOf(field) === undefined ? defaultOf(field) : undefined;
    return value === undefined ? [] : `${field.localName}: ${value},`;
  });
  return [
    `$typeName: "${desc.typeName}",`,
    ...own,
    ...desc.oneofs.map(({ localName }) => `${localName}: { case: undefined },`),
  ];
}

function functionOf(desc, isRoot) {
  const name = nameOf(desc);
  const head = `${isRoot ? "export " : ""}function read${name}(r: WireReader, end: number): ${name}`;
  const literal = block(`const m: ${name} =`, membersOf(desc));
  return [
    "",
    ...block(head, [
      ...literal.with(-1, "};"),
      ...block("while (r.at < end)", [
        ...block("switch (r.tag())", [
          ...desc.fields.flatMap(casesOf),
          "default:",
          "  r.giveUp();",
        ]),
      ]),
      "return m;",
    ]),
  ];
}

/** Lines of a module with a reader for each message. Those of `roots` are exported. */
export function readersOf(registry, roots) {
  const messages = messagesOf(registry, roots);
  return [
    ...importsOf(messages),
    'import type { WireReader } from "../../src/rpc/requests/wire-reader.ts";',
    ...messages.flatMap((desc) => functionOf(desc, roots.includes(desc.typeName))),
  ];
}
