import { isJsonObject } from "../domain/json.ts";
import { didYouMean } from "../domain/near-names.ts";
import { ConfigProblem, type Path, type Reader } from "./readers.ts";

type Fields = Readonly<Record<string, Reader<unknown>>>;

type CamelCase<Key extends string> = Key extends `${infer Word}_${infer Rest}`
  ? `${Word}${Capitalize<CamelCase<Rest>>}`
  : Key;
type UnitOf<R> = R extends { readonly unit: infer Unit extends string } ? Unit : "";
/** The field of a key. For example, the duration `first_token` becomes `firstTokenMs`. */
type FieldOf<Key, R> = `${CamelCase<Key & string>}${UnitOf<R>}`;

/** The fields for the keys of a mapping. A missing key has no field. */
export type Section<F extends Fields, Required extends keyof F = never> = {
  readonly [Key in Exclude<keyof F, Required> as FieldOf<Key, F[Key]>]?: ReturnType<F[Key]>;
} & { readonly [Key in Required as FieldOf<Key, F[Key]>]: ReturnType<F[Key]> };

/** Reads a mapping, and exposes the readers of its keys. */
type SectionReader<T, F extends Fields> = Reader<T> & { readonly fields: F };

function fieldOf(key: string, reader: Reader<unknown>): string {
  const name = key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return "unit" in reader ? `${name}${reader.unit}` : name;
}

/**
 * A mapping with the keys of `fields`. A key can be missing or null unless `required` contains it. The result has its
 * fields in the order of `fields`, whatever the order in the file.
 */
export function object<F extends Fields, const Required extends keyof F & string = never>(
  fields: F,
  required: readonly Required[] = [],
): SectionReader<Section<F, Required>, F> {
  const names = Object.entries(fields).map(([key, reader]) => [key, fieldOf(key, reader)] as const);
  const read = (value: unknown, path: Path): Section<F, Required> => {
    if (!isJsonObject(value)) throw new ConfigProblem(path, "must be a mapping");
    const given = new Map<string, unknown>();
    for (const [key, entry] of Object.entries(value)) {
      const reader = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (reader === undefined) {
        const message = `unknown key${didYouMean(key, Object.keys(fields))}`;
        throw new ConfigProblem([...path, key], message);
      }
      if (entry !== null) given.set(key, reader(entry, [...path, key]));
    }
    const missing = required.find((key) => !given.has(key));
    if (missing !== undefined) throw new ConfigProblem([...path, missing], "is required");
    const present = names.filter(([key]) => given.has(key));
    const result = Object.fromEntries(present.map(([key, name]) => [name, given.get(key)]));
    return result as Section<F, Required>;
  };
  return Object.assign(read, { fields });
}

/** A section read by `shape`, then converted or refused by `build`. */
export function reshaped<T, S, F extends Fields>(
  shape: SectionReader<S, F>,
  build: (section: S, path: Path) => T,
): SectionReader<T, F> {
  const read = (value: unknown, path: Path): T => build(shape(value, path), path);
  return Object.assign(read, { fields: shape.fields });
}

/** A list. In the environment, a list is JSON. */
export function list<T>(item: Reader<T>): Reader<T[]> & { readonly item: Reader<T> } {
  const read = (value: unknown, path: Path): T[] => {
    let items = value;
    if (typeof value === "string") {
      try {
        items = JSON.parse(value);
      } catch (cause) {
        throw new ConfigProblem(path, "must be a list written as JSON", { cause });
      }
    }
    if (!Array.isArray(items)) throw new ConfigProblem(path, "must be a list");
    return items.map((entry, index) => item(entry, [...path, index]));
  };
  return Object.assign(read, { item });
}

/** A mapping from arbitrary names to values. */
export function map<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value, path) => {
    if (!isJsonObject(value)) throw new ConfigProblem(path, "must be a mapping");
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, item(entry, [...path, key])]),
    );
  };
}
