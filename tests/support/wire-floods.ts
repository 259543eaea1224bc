// Requests with too many elements, as bytes and as JSON, for each list and map of a message.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A list or map in a request, at any depth. */
export interface Collection {
  /** Field names of its path, through the first element of every list. */
  readonly path: string;
  readonly field: DescField & { readonly fieldKind: "list" | "map" };
  /** A request with this many elements in it: empty ones, or zeros. */
  bytes(elements: number, encoding?: "packed" | "apart"): Uint8Array;
  /** The same as JSON. A map's keys are numbers. */
  json(elements: number): string;
}

/** A field with these bytes. */
export function delimited(number: number, payload: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(payload).finish();
}

function isPackable(field: Collection["field"]): boolean {
  return field.fieldKind === "list" && field.listKind === "enum";
}

function elementsOf(field: Collection["field"], count: number, encoding: string): Uint8Array {
  if (isPackable(field)) {
    if (encoding === "packed") return delimited(field.number, new Uint8Array(count));
    const one = new BinaryWriter().tag(field.number, WireType.Varint).uint32(0).finish();
    return Buffer.concat(Array.from({ length: count }, () => one));
  }
  const one = delimited(field.number, new Uint8Array());
  return Buffer.concat(Array.from({ length: count }, () => one));
}

function jsonElement(field: Collection["field"]): string {
  const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
  if (kind === "message") return field.message?.typeName.endsWith("Value") ? "null" : "{}";
  return kind === "enum" ? "0" : '""';
}

function jsonOf(field: Collection["field"], count: number): string {
  const element = jsonElement(field);
  if (field.fieldKind === "list") return `[${Array(count).fill(element).join()}]`;
  return `{${Array.from({ length: count }, (_, index) => `"${index}":${element}`).join()}}`;
}

interface Way {
  readonly path: string;
  readonly types: readonly DescMessage[];
  bytes(inner: Uint8Array): Uint8Array;
  json(inner: string): string;
}

/** JSON values, which are not messages. */
const FREE = /^google\.protobuf\.(Struct|Value|ListValue)$/;

function* under(schema: DescMessage, way: Way): Generator<Collection> {
  for (const field of schema.fields) {
    const { name, jsonName, number } = field;
    const isElement = field.fieldKind === "list" || field.fieldKind === "map";
    const path = [way.path, name].filter((step) => step !== "").join(".");
    const asJson = (inner: string): string =>
      FREE.test(schema.typeName) ? way.json(inner) : way.json(`{"${jsonName}":${inner}}`);
    if (isElement) {
      yield {
        path,
        field,
        bytes: (count, encoding = "packed") => way.bytes(elementsOf(field, count, encoding)),
        json: (count) => asJson(jsonOf(field, count)),
      };
    }
    const { message } = field;
    if (message === undefined || way.types.includes(message)) continue;
    const types = [...way.types, message];
    if (field.fieldKind === "map") {
      yield* under(message, {
        path,
        types,
        bytes: (inner) => way.bytes(delimited(number, delimited(2, inner))),
        json: (inner) => asJson(`{"a":${inner}}`),
      });
    } else {
      const isList = field.fieldKind === "list";
      yield* under(message, {
        path: isList ? `${path}[0]` : path,
        types,
        bytes: (inner) => way.bytes(delimited(number, inner)),
        json: (inner) => asJson(isList ? `[${inner}]` : inner),
      });
    }
  }
}

/** Every list and map in a message type. Recursive types are entered once. */
export function collectionsOf(schema: DescMessage): Collection[] {
  const whole: Way = { path: "", types: [schema], bytes: (inner) => inner, json: (inner) => inner };
  return [...under(schema, whole)];
}
