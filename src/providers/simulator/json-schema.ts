import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/** The types of JSON Schema, in the order in which their smallest values grow. */
export const TYPES = ["integer", "number", "string", "array", "object", "null", "boolean"] as const;

export type SchemaType = (typeof TYPES)[number];

/**
 * A schema without references and combinators, so that one look at a keyword
 * says it all: `type` is a list, `const` an `enum`.
 */
export type FlatSchema = JsonObject;

/** Keywords that only make sense for one type; a schema that names no type means it. */
const IMPLIED: readonly (readonly [SchemaType, readonly string[]])[] = [
  ["object", ["properties", "required", "additionalProperties", "minProperties"]],
  ["array", ["items", "prefixItems", "minItems", "maxItems"]],
  ["string", ["minLength", "maxLength", "pattern", "format"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
];

const LOWER_BOUNDS = ["minimum", "exclusiveMinimum", "minLength", "minItems"];
const UPPER_BOUNDS = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return step;
  }
}

/** What a reference inside the document points at; `false`, which allows nothing, if nothing is there. */
function resolve(reference: string, root: JsonObject): JsonValue {
  if (reference !== "#" && !reference.startsWith("#/")) return false;
  let value: JsonValue = root;
  for (const step of reference.split("/").slice(1).map(decodeStep)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as JsonObject)[step] ?? false;
  }
  return value;
}

/** The types that a flat schema allows. */
export function typesOf(schema: FlatSchema): readonly SchemaType[] {
  const named = schema["type"];
  if (Array.isArray(named)) {
    return TYPES.filter((type) => named.includes(type) && !isCovered(type, named));
  }
  const implied = IMPLIED.find(([, keywords]) => keywords.some((each) => each in schema));
  return implied === undefined ? TYPES.filter((type) => type !== "integer") : [implied[0]];
}

/** Beside "number", "integer" says nothing. */
function isCovered(type: SchemaType, types: readonly JsonValue[]): boolean {
  return type === "integer" && types.includes("number");
}

function bothTypes(left: readonly JsonValue[], right: readonly JsonValue[]): JsonValue[] {
  const allows = (types: readonly JsonValue[], type: JsonValue): boolean =>
    types.includes(type) || (type === "integer" && types.includes("number"));
  return TYPES.filter((type) => allows(left, type) && allows(right, type));
}

/** A schema that asks for both; a growing one stays flat. */
function conjunction(left: JsonValue, right: JsonValue): JsonObject {
  const isBare = isJsonObject(left) && Object.keys(left).length === 1;
  return isBare && Array.isArray(left["allOf"])
    ? { allOf: [...left["allOf"], right] }
    : { allOf: [left, right] };
}

/** A keyword of two schemas that both must hold. */
function both(keyword: string, left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left === "number" && typeof right === "number") {
    if (LOWER_BOUNDS.includes(keyword)) return Math.max(left, right);
    if (UPPER_BOUNDS.includes(keyword)) return Math.min(left, right);
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    if (keyword === "type") return bothTypes(left, right);
    if (keyword === "required") return [...new Set([...left, ...right])];
    if (keyword === "enum") {
      const texts = new Set(right.map((value) => JSON.stringify(value)));
      return left.filter((value) => texts.has(JSON.stringify(value)));
    }
  }
  if (keyword === "properties" && isJsonObject(left) && isJsonObject(right)) {
    return bothHold(left, right, (_name, first, second) => conjunction(first, second));
  }
  if (keyword === "items" || keyword === "additionalProperties") return conjunction(left, right);
  return right;
}

/** Entries of both objects; where a key is in both, `join` decides. Any key is a plain key. */
function bothHold(
  left: JsonObject,
  right: JsonObject,
  join: (key: string, left: JsonValue, right: JsonValue) => JsonValue,
): JsonObject {
  const entries = new Map(Object.entries(left));
  for (const [key, value] of Object.entries(right)) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? value : join(key, before, value));
  }
  return Object.fromEntries(entries);
}

function listed(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** Longest chain of references and combinators at one place. */
const MAX_CHAIN = 64;

/**
 * Every way to meet a schema, each as a flat one. `visit` hears of each schema
 * before it is worked on, and throws when that is too much work.
 */
export function alternatives(
  schema: JsonValue,
  root: JsonObject,
  visit: (schema: JsonValue) => void,
  open: ReadonlySet<JsonValue> = new Set(),
): readonly FlatSchema[] {
  visit(schema);
  // A schema that needs itself at the same place allows nothing by that way.
  if (schema === false || open.has(schema) || open.size > MAX_CHAIN) return [];
  if (!isJsonObject(schema)) return [{}];
  const inside = new Set(open).add(schema);
  const follow = (next: JsonValue): readonly FlatSchema[] =>
    alternatives(next, root, visit, inside);
  const { $ref, allOf, anyOf, oneOf, const: only, type, ...own } = schema;
  let ways: readonly FlatSchema[] = [
    {
      ...own,
      ...(type !== undefined && { type: Array.isArray(type) ? type : [type] }),
      ...(only !== undefined && { enum: [only] }),
    },
  ];
  const meet = (others: readonly FlatSchema[]): void => {
    ways = ways.flatMap((way) =>
      others.map((other) => {
        visit(way);
        visit(other);
        return bothHold(way, other, both);
      }),
    );
  };
  if (typeof $ref === "string") meet(follow(resolve($ref, root)));
  for (const part of listed(allOf)) meet(follow(part));
  for (const choice of [anyOf, oneOf]) {
    if (Array.isArray(choice)) meet(choice.flatMap(follow));
  }
  return ways;
}
