// What both generators of codecs know of the contract.
const STRUCT = "google.protobuf.Struct";
const WELL_KNOWN = "google.protobuf.";

export const VARINT = 0;
export const BIT64 = 1;
export const DELIMITED = 2;
export const BIT32 = 5;

export const tag = (number, wireType) => (number << 3) | wireType;
export const nameOf = (desc) => desc.typeName.split(".").at(-1);
/** Stubs have objects of JSON for this message. */
export const isStruct = (desc) => desc.typeName === STRUCT;
/** The oneof of a field. The compiler makes one for each optional field. */
export const oneofOf = (field) => (field.proto.proto3Optional ? undefined : field.oneof);

const indented = (lines) => lines.map((line) => `  ${line}`);
export const block = (head, lines) => [`${head} {`, ...indented(lines), "}"];

export function unsupported(field) {
  throw new Error(`${field}: tools/message-codecs.mjs has no code for a field of this kind`);
}

function reach(desc, reached) {
  if (reached.has(desc) || isStruct(desc)) return;
  reached.add(desc);
  for (const field of desc.fields) if (field.message !== undefined) reach(field.message, reached);
}

/** These messages and all messages in them. */
export function messagesOf(registry, roots) {
  const reached = new Set();
  for (const name of roots) reach(registry.getMessage(name), reached);
  return [...reached].sort((one, other) => (one.typeName < other.typeName ? -1 : 1));
}

/** Imports of the types of messages. */
export function importsOf(messages) {
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
