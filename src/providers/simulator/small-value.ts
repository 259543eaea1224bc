import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { type FlatSchema, listed, namedTypes, SchemaWays } from "./schema-ways.ts";
import { smallScalar } from "./small-scalar.ts";

/** Longest JSON text of a value, in UTF-16 units. */
const MAX_SIZE = 65_536;
/** Deepest nesting of a value. */
const MAX_DEPTH = 64;
/** Most keywords and entries that are examined. Schemas come from callers, and no schema may block the process. */
const MAX_WORK = 200_000;

/** Keywords that imply a type if a schema names none. */
const IMPLIED: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ["object", ["properties", "required", "additionalProperties"]],
  ["array", ["items", "prefixItems", "minItems"]],
  ["string", ["minLength", "maxLength", "pattern", "format"]],
];

function typesOf(way: FlatSchema): readonly JsonValue[] {
  const implied = IMPLIED.find(([, keywords]) => keywords.some((keyword) => keyword in way));
  return namedTypes(way) ?? [implied?.[0] ?? "number"];
}

function isOfType(value: JsonValue, type: JsonValue): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (typeof value !== "number") return typeof value === type;
  return type === "number" || (type === "integer" && Number.isInteger(value));
}

/** The first of some values whose type the schema allows. */
function firstListed(way: FlatSchema, values: JsonValue): JsonValue | undefined {
  const types = namedTypes(way);
  return listed(values).find((value) => types?.some((type) => isOfType(value, type)) ?? true);
}

function unanswerable(why: string): GatewayError {
  return new GatewayError("validation", `a JSON Schema that it cannot answer by: ${why}`);
}

/** Finds the first value of a schema within a nesting depth. */
class Search {
  readonly #ways: SchemaWays;
  #work = 0;
  /** Whether a value was given up because of the depth. */
  isCut = false;

  constructor(root: JsonObject) {
    this.#ways = new SchemaWays(root, (work) => this.#spend(work));
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw unanswerable("it has too many ways to be met");
  }

  value(schema: JsonValue, depth: number): JsonValue | undefined {
    for (const way of this.#ways.of(schema)) {
      const values = way["const"] === undefined ? way["enum"] : [way["const"]];
      const found =
        values === undefined ? this.#ofTypes(way, typesOf(way), depth) : firstListed(way, values);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #ofTypes(way: FlatSchema, types: readonly JsonValue[], depth: number): JsonValue | undefined {
    for (const type of types) {
      const found =
        type === "array"
          ? this.#array(way, depth)
          : type === "object"
            ? this.#object(way, depth)
            : smallScalar(way, type);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A value inside an array or an object. */
  #inner(schema: JsonValue, depth: number): JsonValue | undefined {
    this.#spend(1);
    if (depth > 0) return this.value(schema, depth - 1);
    this.isCut = true;
    return undefined;
  }

  #array(way: FlatSchema, depth: number): JsonValue[] | undefined {
    const count = typeof way["minItems"] === "number" ? way["minItems"] : 0;
    const prefix = listed(way["prefixItems"]);
    const items: JsonValue[] = [];
    while (items.length < count) {
      const item = this.#inner(prefix[items.length] ?? way["items"] ?? true, depth);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #object(way: FlatSchema, depth: number): JsonObject | undefined {
    const properties = isJsonObject(way["properties"]) ? way["properties"] : {};
    const wanted = new Set(listed(way["required"]).filter((name) => typeof name === "string"));
    // In the order of the properties, as models write them.
    const names = new Set([
      ...Object.keys(properties).filter((name) => wanted.has(name)),
      ...wanted,
    ]);
    const entries: [string, JsonValue][] = [];
    for (const name of names) {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const value = this.#inner(own ?? way["additionalProperties"] ?? true, depth);
      if (value === undefined) return undefined;
      entries.push([name, value]);
    }
    return Object.fromEntries(entries);
  }
}

/**
 * A value that a JSON Schema allows, with the least nesting: the first choice, the required members, the fewest
 * items, and 0 or the bound next to 0. Ignored are `pattern`, `not`, `if`, `uniqueItems`, `contains`, dependencies,
 * the exclusiveness of `oneOf`, and contradictions of several schemas at one place except those of types. Throws
 * `GatewayError` for a schema that allows no value of at most 64 KiB, or whose search costs too much.
 */
export function smallValue(schema: JsonObject): JsonValue {
  const search = new Search(schema);
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    search.isCut = false;
    const value = search.value(schema, depth);
    if (value !== undefined && JSON.stringify(value).length <= MAX_SIZE) return value;
    if (value !== undefined || !search.isCut) break;
  }
  throw unanswerable("it allows no value of at most 64 KiB");
}
