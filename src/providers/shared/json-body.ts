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

/** A JSON object with its fields in this order, whatever their names are. */
export function rawEntries(fields: Iterable<readonly [string, unknown]>): RawJson {
  return new RawJson(encodeJsonObject(fields));
}

/** An array of objects that are text already. */
export function rawArray(items: readonly RawJson[]): RawJson {
  return new RawJson(`[${items.map((item) => item.text).join(",")}]`);
}
