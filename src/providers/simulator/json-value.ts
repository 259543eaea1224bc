import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { allowsListed, smallestNumber, smallestString } from "./json-scalar.ts";
import { alternatives, type FlatSchema, type SchemaType, typesOf } from "./json-schema.ts";

/** Longest JSON text that is written, in UTF-16 units. */
const MAX_SIZE = 65_536;
/**
 * Schemas come from callers, and none may take the process for itself: each
 * look at a schema costs the length of its text and a bit more.
 */
const MAX_WORK = 20_000_000;
const WORK_OF_A_LOOK = 300;
/** Deepest nesting of a schema, and of the value. */
const MAX_DEPTH = 128;

/** A value with the length of its JSON text. */
interface Sized {
  readonly value: JsonValue;
  readonly size: number;
}

function sized(value: JsonValue | undefined): Sized | undefined {
  return value === undefined ? undefined : { value, size: JSON.stringify(value).length };
}

function unanswerable(why: string): GatewayError {
  return new GatewayError("validation", `a JSON Schema that it cannot answer by: ${why}`);
}

function checkDepth(schema: JsonValue, left: number): void {
  if (typeof schema !== "object" || schema === null) return;
  if (left === 0) throw unanswerable(`it is nested deeper than ${MAX_DEPTH} levels`);
  for (const inner of Object.values(schema)) checkDepth(inner, left - 1);
}

/** A search for the smallest value, which never follows a way that is longer than the best one so far. */
class Search {
  readonly #root: JsonObject;
  readonly #open = new Set<JsonValue>();
  readonly #lengths = new WeakMap<object, number>();
  #work = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** The smallest value whose text is shorter than `limit`; undefined if there is none. */
  smallest(schema: JsonValue, limit: number): Sized | undefined {
    // The smallest value of a schema never holds another value of the same schema.
    if (limit <= 0 || this.#open.has(schema) || this.#open.size > MAX_DEPTH) return undefined;
    if (isJsonObject(schema)) this.#open.add(schema);
    let best: Sized | undefined;
    const ways = alternatives(schema, this.#root, this.#visit);
    const typed = ways.flatMap((way) => typesOf(way).map((type) => ({ way, type })));
    // Scalars first: their size bounds the search among arrays and objects.
    const containers = typed.filter(({ type }) => type === "array" || type === "object");
    const scalars = typed.filter(({ type }) => type !== "array" && type !== "object");
    for (const { way, type } of [...scalars, ...containers]) {
      if (best?.size === 1) break;
      const found = this.#ofType(way, type, best?.size ?? limit);
      if (found !== undefined && found.size < (best?.size ?? limit)) best = found;
    }
    this.#open.delete(schema);
    return best;
  }

  readonly #visit = (schema: JsonValue): void => {
    this.#work += WORK_OF_A_LOOK + this.#lengthOf(schema);
    if (this.#work > MAX_WORK) throw unanswerable("it has too many ways to be met");
  };

  #lengthOf(schema: JsonValue): number {
    if (typeof schema !== "object" || schema === null) return 1;
    const known = this.#lengths.get(schema);
    if (known !== undefined) return known;
    const { length } = JSON.stringify(schema);
    this.#lengths.set(schema, length);
    return length;
  }

  #ofType(way: FlatSchema, type: SchemaType, limit: number): Sized | undefined {
    this.#visit(way);
    if (Array.isArray(way["enum"])) {
      return way["enum"]
        .filter((value) => allowsListed(way, type, value))
        .map((value) => ({ value, size: JSON.stringify(value).length }))
        .sort((a, b) => a.size - b.size)[0];
    }
    switch (type) {
      case "integer":
      case "number":
        return sized(smallestNumber(way, type === "integer"));
      case "string":
        return sized(smallestString(way, limit));
      case "array":
        return this.#array(way, limit);
      case "object":
        return this.#object(way, limit);
      case "null":
        return sized(null);
      case "boolean":
        return sized(false);
    }
  }

  #array(way: FlatSchema, limit: number): Sized | undefined {
    const count = typeof way["minItems"] === "number" ? way["minItems"] : 0;
    // An item takes a character and its separator.
    if (2 * count > limit) return undefined;
    const prefix = Array.isArray(way["prefixItems"]) ? way["prefixItems"] : [];
    const value: JsonValue[] = [];
    let size = 2;
    while (value.length < count) {
      const separator = value.length === 0 ? 0 : 1;
      const schema = prefix[value.length] ?? way["items"] ?? true;
      const item = this.smallest(schema, limit - size - separator);
      if (item === undefined) return undefined;
      value.push(item.value);
      size += item.size + separator;
    }
    return { value, size };
  }

  #object(way: FlatSchema, limit: number): Sized | undefined {
    const properties = isJsonObject(way["properties"]) ? way["properties"] : {};
    const required = Array.isArray(way["required"]) ? way["required"] : [];
    const wanted = new Set(required.filter((name) => typeof name === "string"));
    // In the order of the properties, as a model writes them.
    const names = new Set([...Object.keys(properties).filter((key) => wanted.has(key)), ...wanted]);
    const keys = [...names].map((name) => JSON.stringify(name).length + 1);
    let size = 1 + keys.reduce((sum, key) => sum + key + 1, names.size === 0 ? 1 : 0);
    if (size >= limit) return undefined;
    const entries: [string, JsonValue][] = [];
    for (const name of names) {
      const schema = Object.hasOwn(properties, name)
        ? properties[name]
        : way["additionalProperties"];
      const found = this.smallest(schema ?? true, limit - size);
      if (found === undefined) return undefined;
      entries.push([name, found.value]);
      size += found.size;
    }
    return { value: Object.fromEntries(entries), size };
  }
}

/**
 * The value with the shortest JSON text that a JSON Schema allows. Not followed
 * are `pattern`, `not`, `if`, `uniqueItems`, `contains`, dependencies and the
 * exclusiveness of `oneOf`. Throws `GatewayError` for a schema that allows no
 * value of at most 64 KiB, or whose search takes too long.
 */
export function smallestValue(schema: JsonObject): JsonValue {
  checkDepth(schema, MAX_DEPTH);
  const found = new Search(schema).smallest(schema, MAX_SIZE + 1);
  if (found === undefined) throw unanswerable("it allows no value of at most 64 KiB");
  return found.value;
}
