import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";

/**
 * JSON text that becomes part of a body unchanged. Schemas and arguments stay text from the caller to the provider,
 * because parsing them would reorder integer-like keys and round large numbers.
 */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Fields of a JSON object. Undefined ones are left out. */
export type BodyFields = Readonly<Record<string, unknown>>;

/** A JSON object with its fields in the given order. Any value can be a `RawJson`. */
function encodeJsonObject(fields: Iterable<readonly [string, unknown]>): string {
  let text = "";
  for (const [key, value] of fields) {
    if (value === undefined) continue;
    const encoded = value instanceof RawJson ? value.text : JSON.stringify(value);
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${encoded}`;
  }
  return `{${text}}`;
}

/** Like `encodeJsonObject`, for nested objects. */
export function rawObject(fields: BodyFields): RawJson {
  return new RawJson(encodeJsonObject(Object.entries(fields)));
}

/** A JSON object with its fields in this order, even if names look like integers. */
export function rawEntries(fields: Iterable<readonly [string, unknown]>): RawJson {
  return new RawJson(encodeJsonObject(fields));
}

/** An array of objects that are already JSON text. */
export function rawArray(items: readonly RawJson[]): RawJson {
  return new RawJson(`[${items.map((item) => item.text).join(",")}]`);
}

/** The same value with sorted keys, because maps have no order on the wire. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

/** Called with the name of each option that is not sent as it was given. */
export type OnIgnored = (option: string) => void;

/** Whether the sent value equals the given option. */
function isSame(sent: unknown, given: JsonValue): boolean {
  return (sent instanceof RawJson ? sent.text : JSON.stringify(sent)) === JSON.stringify(given);
}

/** Merges an option with the fields of it that Steer sets. */
function mergeOption(
  given: JsonValue | undefined,
  own: BodyFields,
): { readonly merged: BodyFields; readonly isWhole: boolean } {
  const fields = withoutUndefined(own);
  if (given === undefined) return { merged: fields, isWhole: true };
  if (!isJsonObject(given)) return { merged: fields, isWhole: false };
  const merged = { ...given, ...fields };
  return {
    merged,
    isWhole: Object.entries(given).every(([key, value]) => isSame(merged[key], value)),
  };
}

/**
 * The body of a request: `fields`, then additions of `options`. A field of `fields` takes precedence. For the objects
 * in `nested`, each of their keys takes precedence, and an undefined nested field is never sent. Equal input gives
 * equal bytes.
 */
export function encodeBody(
  fields: BodyFields,
  options: JsonObject,
  nested: Readonly<Record<string, BodyFields | undefined>> = {},
  onIgnored: OnIgnored = () => {},
): string {
  // A map, because a key of the caller can be `constructor` or `__proto__`.
  const body = new Map<string, unknown>(Object.entries(fields));
  const extra = sorted(options);
  const extras = isJsonObject(extra) ? extra : {};
  for (const [key, own] of Object.entries(nested)) {
    const given = extras[key];
    delete extras[key];
    if (own === undefined) continue;
    const { merged, isWhole } = mergeOption(given, own);
    if (!isWhole) onIgnored(key);
    if (Object.keys(merged).length > 0) body.set(key, rawObject(merged));
  }
  for (const [key, value] of Object.entries(extras)) {
    const own = body.get(key);
    if (own === undefined) body.set(key, value);
    else if (!isSame(own, value)) onIgnored(key);
  }
  return encodeJsonObject(body);
}

function withoutUndefined(fields: BodyFields): BodyFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
