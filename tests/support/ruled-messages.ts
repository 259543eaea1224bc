// Messages at the edges of the contract's rules. The library decides which of them are valid.
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import {
  type FieldRules,
  message as messageRulesOf,
  oneof as oneofRulesOf,
  field as rulesOf,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import fc from "fast-check";
import { setRules } from "../../src/rpc/requests/value-rules.ts";
import { nestedMessages } from "./nested-messages.ts";
import { durations, scalars, texts } from "./rule-edges.ts";

type Type = FieldRules["type"];
type Fields = Readonly<Record<string, unknown>>;
interface Single {
  readonly message: DescMessage | undefined;
  readonly enum: DescEnum | undefined;
  readonly scalar: ScalarType | undefined;
}

const library = createValidator();
const NO_RULES: Type = { case: undefined };

/** A rule that a message breaks, where, and in which words. */
export interface Breach {
  readonly field: string;
  readonly rule: string;
  readonly description: string;
}

/** The rules that the library finds broken by itself: it forgets the rules of a type within itself. */
export function foundByLibrary(
  schema: DescMessage,
  message: Message,
  path = "",
): readonly Breach[] {
  const result = library.validate(schema, message);
  if (result.kind === "error") throw result.error;
  if (result.kind === "valid") return [];
  return result.violations.map(({ ruleId, field, message: description }) => {
    const names = [path, pathToString(field)].filter((name) => name !== "");
    return { field: names.join("."), rule: ruleId, description };
  });
}

/**
 * The rules that a message breaks, those of inner messages behind those of outer ones. The library is asked for each
 * inner message, too. Throws if the rules cannot be evaluated.
 */
export function breachesOf(schema: DescMessage, message: Message): readonly Breach[] {
  const inner = nestedMessages(schema, message);
  const all = [{ schema, message, path: "" }, ...inner].flatMap((each) =>
    foundByLibrary(each.schema, each.message, each.path),
  );
  return [...new Map(all.map((breach) => [JSON.stringify(breach), breach])).values()];
}

const isValid = (schema: DescMessage, fields: Fields) =>
  breachesOf(schema, create(schema, fields)).length === 0;

/** Values of one element, at and beyond the edges of its rules. */
function singles({ message, enum: desc, scalar }: Single, type: Type): readonly unknown[] {
  if (desc !== undefined) return [...desc.values.map(({ number }) => number), -1, 9_999];
  if (message === undefined) return scalars(scalar, type);
  if (message.typeName === "google.protobuf.Duration") return durations(type);
  if (message.file.proto.package === "google.protobuf") return [{}];
  return [valid(message), create(message)];
}

function lists(field: DescField, type: Type): readonly unknown[] {
  const rules = type.case === "repeated" ? type.value : undefined;
  const elements = singles(field, rules?.items?.type ?? NO_RULES);
  const most = Number(rules?.maxItems ?? 0n);
  const distinct = (length: number) =>
    Array.from({ length }, (_, index) =>
      field.scalar === ScalarType.STRING ? `s${index}` : elements[Math.min(1, elements.length - 1)],
    );
  const one = distinct(1);
  return [
    [],
    one,
    [...one, ...one],
    distinct(most),
    distinct(most + 1),
    ...elements.map((each) => [each]),
  ];
}

function maps(field: DescField, type: Type): readonly unknown[] {
  const rules = type.case === "map" ? type.value : undefined;
  const values = singles(field, rules?.values?.type ?? NO_RULES);
  const keys = texts(rules?.keys?.type ?? NO_RULES);
  const most = Number(rules?.maxPairs ?? 0n);
  const pairs = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, values[0]]));
  return [
    ...[0, 1, most, most + 1].map(pairs),
    ...keys.map((key) => ({ [key]: values[0] })),
    ...values.map((value) => ({ k: value })),
  ];
}

/** Values of a field that is set, at and beyond the edges of its rules. */
function edgesOf(field: DescField): readonly unknown[] {
  const { type } = getOption(field, rulesOf);
  switch (field.fieldKind) {
    case "list":
      return lists(field, type);
    case "map":
      return maps(field, type);
    default:
      return singles(field, type);
  }
}

function withField(fields: Fields, { localName, oneof }: DescField, value: unknown): Fields {
  if (oneof === undefined) return { ...fields, [localName]: value };
  return { ...fields, [oneof.localName]: { case: localName, value } };
}

const validFields = new Map<DescMessage, Fields>();

/** The fields of a message that breaks no rule, with as few fields as possible. */
function fewFields(schema: DescMessage): Fields {
  const known = validFields.get(schema);
  if (known !== undefined) return known;
  let fields: Fields = {};
  validFields.set(schema, fields);
  let breaches = breachesOf(schema, create(schema, fields)).length;
  for (const field of schema.fields) {
    if (breaches === 0) break;
    for (const value of edgesOf(field)) {
      const more = withField(fields, field, value);
      const left = breachesOf(schema, create(schema, more)).length;
      if (left >= breaches) continue;
      fields = more;
      breaches = left;
    }
  }
  if (breaches > 0) throw new Error(`no valid ${schema.typeName} was found`);
  validFields.set(schema, fields);
  return fields;
}

function valid(schema: DescMessage): Message {
  return create(schema, fewFields(schema));
}

/** All types in the requests that have fields of their own, once each. */
export function typesIn(schemas: readonly DescMessage[]): readonly DescMessage[] {
  const types = new Set<DescMessage>();
  const visit = (schema: DescMessage): void => {
    if (types.has(schema) || schema.file.proto.package === "google.protobuf") return;
    types.add(schema);
    for (const { message } of schema.fields) if (message !== undefined) visit(message);
  };
  for (const schema of schemas) visit(schema);
  return [...types];
}

/** Names of the rules of a type's values, as the library reports breaches: bounds of a range have one name. */
function idsOf({ case: type, value }: Type): readonly string[] {
  if (type === undefined) return [];
  const { items, keys, values, ...own } = setRules(value) as Record<string, FieldRules>;
  const range = Object.keys(own).filter((name) => /^[gl]te?$/.test(name));
  const others = Object.keys(own).filter((name) => !range.includes(name));
  const names = range.length === 0 ? others : [...others, range.sort().join("_")];
  const inner = [items, keys, values].flatMap((rules) =>
    rules === undefined ? [] : idsOf(rules.type),
  );
  return [
    ...names.map(
      (name) => `${type}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    ),
    ...inner,
  ];
}

/** Every rule of a type, as `field rule`, or as `rule` for the whole message. */
export function rulesIn(schema: DescMessage): readonly string[] {
  const ofFields = schema.fields.flatMap((field) => {
    const { required, type } = getOption(field, rulesOf);
    return [...(required ? ["required"] : []), ...idsOf(type)].map((id) => `${field.name} ${id}`);
  });
  const required = schema.oneofs.filter((oneof) => getOption(oneof, oneofRulesOf).required);
  const conditions = getOption(schema, messageRulesOf).cel.map(({ id }) => ` ${id}`);
  return [...ofFields, ...required.map(({ name }) => `${name} required`), ...conditions];
}

/** Each pair of values of two fields of a condition. */
function pairs(schema: DescMessage, fields: Fields): readonly Fields[] {
  const conditions = getOption(schema, messageRulesOf).cel.map(({ expression }) => expression);
  return conditions.flatMap((condition) => {
    const [one, ...others] = schema.fields.filter(({ name }) => condition.includes(`this.${name}`));
    if (one === undefined) return [];
    return edgesOf(one).flatMap((value) =>
      others.flatMap((other) =>
        edgesOf(other).map((more) => withField(withField(fields, one, value), other, more)),
      ),
    );
  });
}

/** A valid message, and it with one field at each edge of its rules; for conditions, with two. */
export function edgeMessages(schema: DescMessage): readonly Message[] {
  const fields = fewFields(schema);
  const changed = schema.fields.flatMap((field) =>
    edgesOf(field).map((value) => withField(fields, field, value)),
  );
  const without = Object.keys(fields).map((name) => ({ ...fields, [name]: undefined }));
  const all = [fields, ...changed, ...without, ...pairs(schema, fields)];
  return all.map((each) => create(schema, each));
}

function isSmall(value: unknown): boolean {
  return (
    (value as { readonly length?: number }).length === undefined || (value as string).length < 600
  );
}

/** Values of a field: mostly such that the message around them is valid. */
function arbitraryValue(
  schema: DescMessage,
  field: DescField,
  depth: number,
): fc.Arbitrary<unknown> {
  const edges = edgesOf(field).filter(isSmall);
  if (edges.length === 0) return fc.constant(undefined);
  const good = edges.filter((value) => isValid(schema, withField(fewFields(schema), field, value)));
  const plain = fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...(good.length === 0 ? edges : good)) },
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
  );
  const { message, fieldKind } = field;
  const isOther = message === undefined || message.file.proto.package === "google.protobuf";
  if (isOther || depth === 0 || fieldKind === "map") return plain;
  const inner = arbitraryFields(message, depth - 1);
  return fieldKind === "list" ? fc.array(inner, { maxLength: 3 }) : inner;
}

/** The fields of messages, with any of them set. Most are valid. */
export function arbitraryFields(schema: DescMessage, depth: number): fc.Arbitrary<Fields> {
  const changes = schema.fields.map((field) =>
    fc
      .option(arbitraryValue(schema, field, depth), { freq: 2, nil: undefined })
      .map((value) => [field, value] as const),
  );
  return fc
    .tuple(...changes)
    .map((all) =>
      all
        .filter(([, value]) => value !== undefined)
        .reduce((fields, [field, value]) => withField(fields, field, value), fewFields(schema)),
    );
}
