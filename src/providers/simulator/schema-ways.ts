import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/** A schema without references and combinators. */
export type FlatSchema = JsonObject;

/** Longest chain of references and combinators at one place, and the most alternatives. */
const MAX_CHAIN = 64;

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return step;
  }
}

/** The target of a reference inside the document. A missing target is `false`, which allows nothing. */
function resolve(reference: string, root: JsonObject): JsonValue {
  if (reference !== "#" && !reference.startsWith("#/")) return false;
  let value: JsonValue = root;
  for (const step of reference.split("/").slice(1).map(decodeStep)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as JsonObject)[step] ?? false;
  }
  return value;
}

export function listed(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function propertiesOf({ properties = null }: FlatSchema): readonly [string, JsonValue][] {
  return isJsonObject(properties) ? Object.entries(properties) : [];
}

/** The types of a schema; undefined: all. */
export function namedTypes({ type }: FlatSchema): readonly JsonValue[] | undefined {
  return type === undefined || Array.isArray(type) ? type : [type];
}

function bothTypes(left: FlatSchema, right: FlatSchema): readonly JsonValue[] | undefined {
  const [ofLeft, ofRight] = [namedTypes(left), namedTypes(right)];
  if (ofLeft === undefined || ofRight === undefined) return ofLeft ?? ofRight;
  const allows = (types: readonly JsonValue[], type: JsonValue): boolean =>
    types.includes(type) || (type === "integer" && types.includes("number"));
  return [...new Set([...ofLeft, ...ofRight])].filter(
    (type) => allows(ofLeft, type) && allows(ofRight, type),
  );
}

/** Merges two schemas. For keywords other than types, members and their names, the right one takes precedence. */
function both(left: FlatSchema, right: FlatSchema): FlatSchema {
  const type = bothTypes(left, right);
  const required = new Set([...listed(left["required"]), ...listed(right["required"])]);
  const properties = new Map(propertiesOf(left));
  for (const [name, schema] of propertiesOf(right)) {
    const before = properties.get(name);
    properties.set(name, before === undefined ? schema : { allOf: [before, schema] });
  }
  return {
    ...left,
    ...right,
    ...(type !== undefined && { type: [...type] }),
    ...(required.size > 0 && { required: [...required] }),
    ...(properties.size > 0 && { properties: Object.fromEntries(properties) }),
  };
}

/** Cost of examining or merging a schema. */
function sizeOf(schema: FlatSchema): number {
  const { $ref, required, enum: values } = schema;
  const reference = typeof $ref === "string" ? $ref.length : 0;
  const lists = listed(required).length + listed(values).length;
  return 1 + Object.keys(schema).length + propertiesOf(schema).length + lists + reference;
}

/** Resolves references and combinators of one document. */
export class SchemaWays {
  readonly #root: JsonObject;
  readonly #spend: (work: number) => void;

  /** `spend` is called before each schema is examined, and throws if the total cost is too high. */
  constructor(root: JsonObject, spend: (work: number) => void) {
    this.#root = root;
    this.#spend = spend;
  }

  /** The alternatives of a schema, each as a flat schema, in the order of its choices. */
  *of(schema: JsonValue, chain: readonly JsonValue[] = []): Generator<FlatSchema> {
    // A schema that requires itself at the same place allows nothing.
    if (schema === false || chain.includes(schema) || chain.length > MAX_CHAIN) return;
    if (!isJsonObject(schema)) return yield {};
    this.#spend(sizeOf(schema));
    const { $ref, allOf, anyOf, oneOf, ...own } = schema;
    const choices = listed(allOf).map((part): readonly JsonValue[] => [part]);
    if (typeof $ref === "string") choices.unshift([resolve($ref, this.#root)]);
    for (const choice of [anyOf, oneOf]) if (Array.isArray(choice)) choices.push(choice);
    if (choices.length <= MAX_CHAIN) yield* this.#meet(own, choices, [...chain, schema]);
  }

  *#meet(
    way: FlatSchema,
    [choice, ...rest]: readonly (readonly JsonValue[])[],
    chain: readonly JsonValue[],
  ): Generator<FlatSchema> {
    if (choice === undefined) return yield way;
    for (const one of choice) {
      for (const other of this.of(one, chain)) {
        this.#spend(sizeOf(way) + sizeOf(other));
        yield* this.#meet(both(way, other), rest, chain);
      }
    }
  }
}
