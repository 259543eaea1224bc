import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { FieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { fieldRules } from "./field-rules.ts";

/** Largest list or map without a bound in the contract; also the contract's widest bound. */
export const MAX_ELEMENTS = 4_096;
/** Most lists and maps of one message type. */
export const MAX_COLLECTIONS = 8;

/** Longest UTF-8 encoding of a character. */
const CHARACTER_BYTES = 4;

/** The bounds of one field. */
export class FieldBounds {
  readonly name: string;
  /** Wire type of a single value. */
  readonly wireType: WireType;
  /** A list of numbers, which can be packed. */
  readonly isPackable: boolean;
  readonly isMap: boolean;
  /** Index of the counter for the elements in its message; -1: neither list nor map. */
  readonly counter: number;
  readonly maxElements: number;
  /** Longest value in bytes; Infinity: no bound. */
  readonly maxBytes: number;
  /** Name of the rule behind `maxBytes`. */
  readonly lengthRule: string;
  /** Bounds of the contained message, for messages, lists of messages and map entries. */
  readonly message: MessageBounds | undefined;

  constructor(of: Pick<FieldBounds, "name" | "wireType"> & Partial<FieldBounds>) {
    this.name = of.name;
    this.wireType = of.wireType;
    this.isPackable = of.isPackable ?? false;
    this.isMap = of.isMap ?? false;
    this.counter = of.counter ?? -1;
    this.maxElements = of.maxElements ?? Number.POSITIVE_INFINITY;
    this.maxBytes = of.maxBytes ?? Number.POSITIVE_INFINITY;
    this.lengthRule = of.lengthRule ?? "";
    this.message = of.message;
  }
}

/** The bounds of one message type. */
export class MessageBounds {
  /** By field number; a hole is an unknown field. */
  readonly fields: (FieldBounds | undefined)[] = [];
  /** Number of lists and maps. */
  counters = 0;
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** Bounds of a value in bytes. The validator counts the characters of a text. */
function lengthBounds(rules: FieldRules | undefined): Partial<FieldBounds> {
  const { type } = rules ?? {};
  if (type?.case === "string" && type.value.maxLen > 0n) {
    const most = Number(type.value.maxLen);
    const lengthRule = `must be at most ${most} characters`;
    return { maxBytes: CHARACTER_BYTES * most, lengthRule };
  }
  const most =
    type?.case === "string" ? type.value.maxBytes : type?.case === "bytes" ? type.value.maxLen : 0n;
  if (most === 0n) return {};
  return { maxBytes: Number(most), lengthRule: `must be at most ${most} bytes` };
}

/** Bound of a list or map: the contract's `max_items` or `max_pairs`. */
function maxElementsOf(rules: FieldRules): number {
  const { type } = rules;
  if (type.case === "repeated" && type.value.maxItems > 0n) return Number(type.value.maxItems);
  if (type.case === "map" && type.value.maxPairs > 0n) return Number(type.value.maxPairs);
  return MAX_ELEMENTS;
}

/** Compiles the `buf.validate` rules of a message type and of all types in it, once. */
export class BoundsCompiler {
  readonly #compiled = new Map<DescMessage, MessageBounds>();

  of(schema: DescMessage): MessageBounds {
    const known = this.#compiled.get(schema);
    if (known !== undefined) return known;
    const bounds = new MessageBounds();
    // Set before the fields are compiled, because a type can contain itself.
    this.#compiled.set(schema, bounds);
    for (const field of schema.fields) bounds.fields[field.number] = this.#field(field, bounds);
    if (bounds.counters > MAX_COLLECTIONS) {
      throw new Error(`${schema.typeName} has more than ${MAX_COLLECTIONS} lists and maps`);
    }
    return bounds;
  }

  #field(field: DescField, holder: MessageBounds): FieldBounds {
    const { name } = field;
    const rules = fieldRules(field);
    switch (field.fieldKind) {
      case "message":
        return new FieldBounds({
          name,
          wireType: WireType.LengthDelimited,
          message: this.of(field.message),
        });
      case "enum":
        return new FieldBounds({ name, wireType: WireType.Varint });
      case "scalar":
        return new FieldBounds({
          name,
          wireType: wireTypeOf(field.scalar),
          ...lengthBounds(rules),
        });
      case "map":
        return new FieldBounds({
          name,
          wireType: WireType.LengthDelimited,
          isMap: true,
          counter: holder.counters++,
          maxElements: maxElementsOf(rules),
          message: this.#entry(field, rules),
        });
      case "list": {
        const wireType =
          field.listKind === "enum"
            ? WireType.Varint
            : field.listKind === "scalar"
              ? wireTypeOf(field.scalar)
              : WireType.LengthDelimited;
        const items = rules.type.case === "repeated" ? rules.type.value.items : undefined;
        return new FieldBounds({
          name,
          wireType,
          isPackable: wireType !== WireType.LengthDelimited,
          counter: holder.counters++,
          maxElements: maxElementsOf(rules),
          ...lengthBounds(items),
          ...(field.listKind === "message" && { message: this.of(field.message) }),
        });
      }
    }
  }

  /** A map is a list of messages with a key and a value, whose names are not part of a path. */
  #entry(field: DescField & { fieldKind: "map" }, rules: FieldRules): MessageBounds {
    const map = rules.type.case === "map" ? rules.type.value : undefined;
    const entry = new MessageBounds();
    entry.fields[1] = new FieldBounds({
      name: "",
      wireType: wireTypeOf(field.mapKey),
      ...lengthBounds(map?.keys),
    });
    entry.fields[2] = new FieldBounds({
      name: "",
      wireType:
        field.mapKind === "scalar"
          ? wireTypeOf(field.scalar)
          : field.mapKind === "enum"
            ? WireType.Varint
            : WireType.LengthDelimited,
      ...lengthBounds(map?.values),
      ...(field.mapKind === "message" && { message: this.of(field.message) }),
    });
    return entry;
  }
}
