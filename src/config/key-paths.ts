import type { Path, Reader } from "./readers.ts";
import { schema } from "./schema.ts";

type Fields = Readonly<Record<string, Reader<unknown>>>;

function fieldsOf(reader: Reader<unknown>): Fields | undefined {
  return "fields" in reader ? (reader.fields as Fields) : undefined;
}

function itemOf(reader: Reader<unknown>): Reader<unknown> | undefined {
  return "item" in reader ? (reader.item as Reader<unknown>) : undefined;
}

/** Paths of all keys with values, in the order of the schema. A list counts as a value. */
export function valuePaths(reader: Reader<unknown> = schema, path: Path = []): Path[] {
  const fields = fieldsOf(reader);
  if (fields === undefined) return [path];
  return Object.entries(fields).flatMap(([key, inner]) => valuePaths(inner, [...path, key]));
}

/**
 * Every key of the file in the form of the reference, in the order of the schema: `stream.store`, or
 * `models[].prices.input` for a key of list entries.
 */
export function keyPaths(reader: Reader<unknown> = schema, path = ""): string[] {
  const item = itemOf(reader);
  if (item !== undefined) {
    const inner = fieldsOf(item) === undefined ? [] : keyPaths(item, `${path}[]`);
    return [path, ...inner];
  }
  const fields = fieldsOf(reader);
  if (fields === undefined) return [path];
  return Object.entries(fields).flatMap(([key, inner]) =>
    keyPaths(inner, path === "" ? key : `${path}.${key}`),
  );
}
