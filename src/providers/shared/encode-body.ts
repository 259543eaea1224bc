import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { type BodyFields, RawJson, rawEntries, rawObject } from "./json-body.ts";
import { fieldsOf, joined } from "./provider-json.ts";

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

const EMPTY_OBJECT = "{}";

/** Called with the name of each option that is not sent as it was given. */
export type OnIgnored = (option: string) => void;

/** Whether the sent value has all of the given option. */
function holds(sent: unknown, given: JsonValue): boolean {
  if (isJsonObject(given)) {
    const fields = fieldsOf(sent);
    return (
      fields !== undefined &&
      Object.entries(given).every(([name, value]) => holds(fields.get(name), value))
    );
  }
  return (sent instanceof RawJson ? sent.text : JSON.stringify(sent)) === JSON.stringify(given);
}

/** The fields with those of `nested` that have a field themselves. */
function withNested(
  fields: BodyFields,
  nested: Readonly<Record<string, BodyFields | undefined>>,
): BodyFields {
  const all: Record<string, unknown> = { ...fields };
  for (const [key, own = {}] of Object.entries(nested)) {
    const encoded = rawObject(own);
    if (encoded.text !== EMPTY_OBJECT) all[key] = encoded;
  }
  return all;
}

/**
 * The body of a request: `fields`, then additions of `options`. A field of `fields` takes precedence; of two objects,
 * each key of its own does. A field of `nested` that is undefined is never sent. Equal input gives equal bytes.
 */
export function encodeBody(
  fields: BodyFields,
  options: JsonObject,
  nested: Readonly<Record<string, BodyFields | undefined>> = {},
  onIgnored: OnIgnored = () => {},
): string {
  const all = withNested(fields, nested);
  // Most requests have no options.
  if (Object.keys(options).length === 0) return rawObject(all).text;
  // A map, because a key of the caller can be `constructor` or `__proto__`.
  const body = new Map<string, unknown>(Object.entries(all));
  const extra = sorted(options);
  const extras = isJsonObject(extra) ? extra : {};
  for (const [key, own] of Object.entries(nested)) {
    const given = extras[key];
    if (own !== undefined && (given === undefined || isJsonObject(given))) continue;
    delete extras[key];
    if (own !== undefined) onIgnored(key);
  }
  for (const [key, given] of Object.entries(extras)) {
    const sent = joined(body.get(key), given);
    body.set(key, sent);
    if (!holds(sent, given)) onIgnored(key);
  }
  return rawEntries(body).text;
}
