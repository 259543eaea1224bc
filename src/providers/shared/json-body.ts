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

/** The members of an object, as text, with one more. Any value can be a `RawJson`. */
function withMember(members: string, key: string, value: unknown): string {
  if (value === undefined) return members;
  const encoded = value instanceof RawJson ? value.text : JSON.stringify(value);
  return `${members}${members === "" ? "" : ","}${JSON.stringify(key)}:${encoded}`;
}

/** A JSON object with its fields in the given order. */
export function rawObject(fields: BodyFields): RawJson {
  let members = "";
  // Most fields of a body are undefined: a list of entries would be several times as long as the body.
  for (const key in fields) members = withMember(members, key, fields[key]);
  return new RawJson(`{${members}}`);
}

/** The same for fields with names that can look like integers, which an object would put first. */
export function rawEntries(fields: Iterable<readonly [string, unknown]>): RawJson {
  let members = "";
  for (const [key, value] of fields) members = withMember(members, key, value);
  return new RawJson(`{${members}}`);
}

/** An array of objects that are already JSON text. */
export function rawArray(items: readonly RawJson[]): RawJson {
  return new RawJson(`[${items.map((item) => item.text).join(",")}]`);
}
