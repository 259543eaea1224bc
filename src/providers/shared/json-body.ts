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
