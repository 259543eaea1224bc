// How protobuf-es keeps the fields of a message of proto3.
import type { DescField } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** A message by the names of its fields and of its oneofs. */
export type MessageFields = Readonly<Record<string, unknown>>;

/** A oneof: the name and the value of the field that is set. */
export interface Choice {
  readonly case: string | undefined;
  readonly value?: unknown;
}

/** Whether `undefined` says that the field is not set: it is a message, optional, or in a oneof. */
export function hasPresence({ fieldKind, presence }: DescField): boolean {
  if (fieldKind === "list" || fieldKind === "map") return false;
  return presence === FeatureSet_FieldPresence.EXPLICIT;
}

/** Reads a field; undefined: it is not set. */
export function readField({ localName, oneof }: DescField): (message: MessageFields) => unknown {
  if (oneof === undefined) return (message) => message[localName];
  const { localName: holder } = oneof;
  return (message) => {
    const choice = message[holder] as Choice;
    return choice.case === localName ? choice.value : undefined;
  };
}
