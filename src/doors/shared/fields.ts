// Reads the fields of a request's JSON, each with its path in errors.
import { type GatewayError, invalidField } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

const NOTHING: JsonObject = Object.freeze({});

/** An object of a request. `null` counts as unset. Every reader throws INVALID_ARGUMENT with the field's path. */
export class Fields {
  readonly #source: JsonObject;
  readonly path: string;
  readonly #read = new Set<string>();
  /** Inner objects that were read. They can have unread fields. */
  #inner: Map<string, Fields> | undefined;
  #isWhole = false;

  constructor(source: JsonObject, path = "") {
    this.#source = source;
    this.path = path;
  }

  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  error(name: string, description: string): GatewayError {
    return invalidField(this.pathOf(name), description);
  }

  /** The unchanged value. The field counts as read. */
  value(name: string): JsonValue | undefined {
    this.#read.add(name);
    return this.peek(name);
  }

  /** The unchanged value. The field still counts as unread. */
  peek(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#source, name) ? (this.#source[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.error(name, "must be a string");
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw this.error(name, "a string is required");
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.error(name, "must be true or false");
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "number") return value;
    throw this.error(name, "must be a number");
  }

  integer(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || Number.isSafeInteger(value)) return value;
    throw this.error(name, "must be a whole number");
  }

  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name);
    if (value === undefined || words.includes(value as Word)) return value as Word | undefined;
    throw this.error(name, `must be one of ${words.join(", ")}`);
  }

  object(name: string): Fields | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) throw this.error(name, "must be an object");
    this.#inner ??= new Map();
    const inner = this.#inner.get(name) ?? new Fields(value, this.pathOf(name));
    this.#inner.set(name, inner);
    return inner;
  }

  list(name: string): readonly JsonValue[] | undefined {
    const value = this.value(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.error(name, "must be a list");
  }

  /** A list of objects; empty if the field is unset. */
  objects(name: string): readonly Fields[] {
    return (this.list(name) ?? []).map((each, index) => {
      const path = `${this.pathOf(name)}[${index}]`;
      if (isJsonObject(each)) return new Fields(each, path);
      throw invalidField(path, "must be an object");
    });
  }

  /** One text, or several. */
  texts(name: string): readonly string[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "string") return [value];
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
    throw this.error(name, "must be a string or a list of strings");
  }

  /** The unread fields that have a value, also those of inner objects. Elements of lists are not searched. */
  rest(): JsonObject {
    if (this.#isWhole) return NOTHING;
    const left: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(this.#source)) {
      if (value === null || value === undefined) continue;
      if (!this.#read.has(name)) {
        left.push([name, value]);
        continue;
      }
      const inner = this.#inner?.get(name)?.rest();
      if (inner !== undefined && Object.keys(inner).length > 0) left.push([name, inner]);
    }
    // Not by assignment, to which the name `__proto__` would be another one.
    return left.length === 0 ? NOTHING : Object.fromEntries(left);
  }

  /** The whole object. All its fields count as read. */
  get source(): JsonObject {
    this.#isWhole = true;
    return this.#source;
  }
}
