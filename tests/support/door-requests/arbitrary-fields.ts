// Values of fields, and objects with fields that no type knows.
import fc from "fast-check";

/** Some with characters of several bytes. */
export const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
);
export const name = fc.stringMatching(/^[a-z]{1,8}$/);
export const id = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
export const flag = fc.boolean();
export const object = fc.dictionary(name, fc.oneof(text, fc.integer(), flag), { maxKeys: 3 });
export const schema = object.map((properties) => ({ type: "object" as const, properties }));

/** Objects with any of these fields, and now and then with one that no type knows. */
export function open<Model extends object>(
  fields: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> },
) {
  const unknown = fc.option(fc.oneof(text, object, fc.constant([1, { two: 2 }])), { freq: 3 });
  return fc
    .tuple(fc.record(fields), unknown)
    .map(([known, more]) => (more === null ? known : { ...known, x_unknown: more }) as Model);
}

export function maybe<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.option(value, { nil: undefined, freq: 2 }) as fc.Arbitrary<Value>;
}

export function list<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> {
  return fc.array(value, { minLength: 1, maxLength: 3 });
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 6 });
export const base64 = bytes.map((data) => Buffer.from(data).toString("base64"));
export const dataUrl = base64.map((data) => `data:image/png;base64,${data}`);
export const webUrl = name.map((path) => `https://example.com/${path}`);
export const url = fc.oneof(dataUrl, webUrl);

export const breakpoint = open<{ mode: "explicit"; ttl?: "30m" }>({
  mode: fc.constant("explicit"),
  ttl: maybe(fc.constant("30m")),
});

export const number = fc.double({ min: 0, max: 1, noNaN: true });
export const count = fc.integer({ min: 1, max: 1_000 });
export const metadata = fc.dictionary(name, text, { maxKeys: 2 });
