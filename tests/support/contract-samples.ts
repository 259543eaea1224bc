// A filled message for each message that callers send or receive, derived from the contract.
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { ActivityService } from "../../gen/es/steer/admin/v1/activity_service_pb.js";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { CallerService } from "../../gen/es/steer/admin/v1/callers_pb.js";
import { UsageService } from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import { MediaSourceSchema, ToolResultSchema } from "../../gen/es/steer/v1/content_pb.js";
import { GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationSchema, OutputFormatSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import { ToolChoiceSchema } from "../../gen/es/steer/v1/tool_pb.js";
import { UsageSchema } from "../../gen/es/steer/v1/usage_pb.js";

export interface Sample {
  /** The message, and the oneof fields that it sets. */
  readonly name: string;
  readonly schema: DescMessage;
  readonly message: Message;
}

interface Variant {
  readonly arms: readonly string[];
  readonly message: Message;
}

/** Beyond 2^53, so that a JSON number would lose it. */
const BEYOND_DOUBLE = 9_007_199_254_740_993n;

const TYPES: readonly DescMessage[] = [
  ...new Set([
    ...[
      GenerationService,
      ModelService,
      ActivityService,
      AdminService,
      CallerService,
      UsageService,
    ].flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output])),
    GatewayErrorSchema,
    GenerationSchema,
    UsageSchema,
    // Their oneof fields are too deep inside others.
    MediaSourceSchema,
    OutputFormatSchema,
    ToolChoiceSchema,
    ToolResultSchema,
  ]),
];

function scalar(type: ScalarType, { name, number }: DescField): unknown {
  switch (type) {
    case ScalarType.STRING:
      return `${name} é🚀`;
    case ScalarType.BYTES:
      return Uint8Array.of(0, 0xff, number);
    case ScalarType.BOOL:
      return true;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return number + 0.25;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BEYOND_DOUBLE + BigInt(number);
    case ScalarType.FIXED32:
    case ScalarType.UINT32:
      return 0xffff_ff00 + number;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return 1_000 + number;
  }
}

/** The first value that is not zero; later ones can be added. */
const firstOf = (desc: DescEnum): number => desc.values[1]?.number ?? 0;

/** Values for messages with special fields. */
function known({ typeName }: DescMessage): unknown {
  switch (typeName) {
    case "google.protobuf.Duration":
      return { seconds: 12n, nanos: 345_000_000 };
    case "google.protobuf.Timestamp":
      return { seconds: 1_767_225_600n, nanos: 1_000 };
    case "google.protobuf.Struct":
      return { text: "é", list: [1.5, null, true], nested: { empty: "" } };
    default:
      return undefined;
  }
}

/** All variants of a message; none if it would contain itself. */
function variantsOf(desc: DescMessage, around: readonly DescMessage[]): Variant[] {
  const given = known(desc);
  if (given !== undefined) return [{ arms: [], message: given as Message }];
  if (around.includes(desc)) return [];
  const within = [...around, desc];
  const common: Record<string, unknown> = {};
  for (const field of desc.fields) {
    if (field.oneof === undefined) common[field.localName] = valuesOf(field, within)[0]?.value;
  }
  const arms = desc.oneofs.flatMap((oneof) =>
    oneof.fields.flatMap((field) =>
      valuesOf(field, within).map(({ arms: below, value }) => ({
        arms: [field.name, ...below],
        fields: { ...common, [oneof.localName]: { case: field.localName, value } },
      })),
    ),
  );
  const whole = arms.length === 0 ? [{ arms: [], fields: common }] : arms;
  return whole.map(({ arms: names, fields }) => {
    const set = Object.entries(fields).filter(([, value]) => value !== undefined);
    return { arms: names, message: create(desc, Object.fromEntries(set)) };
  });
}

/** Possible values of a field; a list has every variant of its messages. */
function valuesOf(
  field: DescField,
  around: readonly DescMessage[],
): { readonly arms: readonly string[]; readonly value: unknown }[] {
  const messages = (desc: DescMessage) => variantsOf(desc, around);
  const only = (value: unknown) => [{ arms: [], value }];
  switch (field.fieldKind) {
    case "scalar":
      return only(scalar(field.scalar, field));
    case "enum":
      return only(firstOf(field.enum));
    case "message":
      return messages(field.message).map(({ arms, message }) => ({ arms, value: message }));
    case "list":
      if (field.listKind === "scalar") return only([scalar(field.scalar, field)]);
      if (field.listKind === "enum") return only([firstOf(field.enum)]);
      return only(messages(field.message).map(({ message }) => message));
    case "map":
      if (field.mapKind === "scalar") return only({ key: scalar(field.scalar, field) });
      if (field.mapKind === "enum") return only({ key: firstOf(field.enum) });
      return only({ key: messages(field.message)[0]?.message });
  }
}

export const SAMPLES: readonly Sample[] = TYPES.flatMap((schema) =>
  variantsOf(schema, []).map(({ arms, message }) => ({
    name: [schema.typeName, ...arms].join("."),
    schema,
    message,
  })),
);

/** Names of all contract fields that are set in a message and in the messages inside it. */
export function setFields(schema: DescMessage, message: Message): Set<string> {
  const names = new Set<string>();
  const visit = (each: ReflectMessage): void => {
    for (const field of each.fields.filter((one) => each.isSet(one))) {
      names.add(`${field.parent.typeName}.${field.name}`);
      const value = each.get(field);
      const below =
        field.fieldKind === "list" || field.fieldKind === "map"
          ? [...(value as Iterable<unknown>)].flat()
          : [value];
      for (const one of below) {
        if (typeof one === "object" && one !== null && "desc" in one) visit(one as ReflectMessage);
      }
    }
  };
  visit(reflect(schema, message));
  return names;
}

/** Names of all fields that a message of the contract can have, at any depth. */
export function allFields(schema: DescMessage, seen = new Set<DescMessage>()): Set<string> {
  const names = new Set<string>();
  if (seen.has(schema) || known(schema) !== undefined) return names;
  seen.add(schema);
  for (const field of schema.fields) {
    names.add(`${schema.typeName}.${field.name}`);
    const below = "message" in field ? field.message : undefined;
    if (below !== undefined) for (const name of allFields(below, seen)) names.add(name);
  }
  return names;
}
