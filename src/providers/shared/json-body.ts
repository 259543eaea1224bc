import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/**
 * JSON text that goes into a body as it is. Schemas and arguments stay text from
 * the caller to the provider: parsing them would reorder integer-like keys and
 * round large numbers.
 */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Fields of a JSON object; `undefined` is left out. */
export type BodyFields = Readonly<Record<string, unknown>>;

/** A JSON object with its fields in the given order. A `RawJson` may stand for any field's value. */
function encodeJsonObject(fields: Iterable<readonly [string, unknown]>): string {
  let text = "";
  for (const [key, value] of fields) {
    if (value === undefined) continue;
    const encoded = value instanceof RawJson ? value.text : JSON.stringify(value);
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${encoded}`;
  }
  return `{${text}}`;
}

/** As `encodeJsonObject`, for nesting. */
export function rawObject(fields: BodyFields): RawJson {
  return new RawJson(encodeJsonObject(Object.entries(fields)));
}

/** An array of objects that are text already. */
export function rawArray(items: readonly RawJson[]): RawJson {
  return new RawJson(`[${items.map((item) => item.text).join(",")}]`);
}

/** The same value with the keys of every object in order: the wire of a map has none. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

/**
 * The body of a request: `fields`, then what `options` adds. A field of `fields`
 * wins. Where both may be objects (`nested` names those fields), each key of its own
 * wins; a nested field that is undefined is never sent. Equal input gives equal bytes.
 */
export function encodeBody(
  fields: BodyFields,
  options: JsonObject,
  nested: Readonly<Record<string, BodyFields | undefined>> = {},
): string {
  // A map, since a key of the caller can be `constructor` or `__proto__`.
  const body = new Map<string, unknown>(Object.entries(fields));
  const extra = sorted(options);
  const extras = isJsonObject(extra) ? extra : {};
  for (const [key, own] of Object.entries(nested)) {
    const given = extras[key];
    delete extras[key];
    if (own === undefined) continue;
    const merged = isJsonObject(given) ? { ...given, ...withoutUndefined(own) } : own;
    const filled = withoutUndefined(merged);
    if (Object.keys(filled).length > 0) body.set(key, rawObject(filled));
  }
  for (const [key, value] of Object.entries(extras)) {
    if (body.get(key) === undefined) body.set(key, value);
  }
  return encodeJsonObject(body);
}

function withoutUndefined(fields: BodyFields): BodyFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
