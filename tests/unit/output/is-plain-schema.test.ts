import { describe, expect, it } from "vitest";
import { isPlainSchema } from "../../../src/output/is-plain-schema.ts";

const object = (properties: unknown): string =>
  JSON.stringify({ type: "object", required: ["a"], additionalProperties: false, properties });

describe("field:X5 a schema", () => {
  it.each([
    ["of properties", object({ a: { type: "string", minLength: 1, enum: ["x", "y"] } })],
    ["of lists", object({ a: { type: "array", items: { type: "number", minimum: 0 } } })],
    ["that says nothing", "true"],
  ])("%s is checked at once", (_name, schema) => {
    expect(isPlainSchema(schema, '{"a": "x"}')).toBe(true);
  });

  it.each([
    ["pattern", { pattern: "^(a+)+$" }],
    ["patternProperties", { patternProperties: { "^(a+)+$": {} } }],
    ["format", { format: "url" }],
    ["uniqueItems", { uniqueItems: true }],
    ["$ref", { $ref: "#/$defs/a" }],
    ["$dynamicRef", { $dynamicRef: "#a" }],
    ["$recursiveRef", { $recursiveRef: "#" }],
    ["allOf", { allOf: [{}, {}] }],
    ["anyOf", { anyOf: [{}, {}] }],
    ["oneOf", { oneOf: [{}, {}] }],
    ["not", { not: {} }],
    ["if", { if: {}, else: {} }],
    ["propertyNames", { propertyNames: {} }],
    ["contains", { contains: {} }],
    ["dependentSchemas", { dependentSchemas: { a: {} } }],
    ["dependencies", { dependencies: { a: {} } }],
    ["unevaluatedProperties", { unevaluatedProperties: {} }],
    ["unevaluatedItems", { unevaluatedItems: {} }],
  ])("with %s, at any depth, is not", (_name, part) => {
    for (const schema of [part, { properties: { a: part } }, { items: { items: part } }]) {
      expect(isPlainSchema(JSON.stringify(schema), '"a"')).toBe(false);
    }
  });

  it("that could hide one of them behind an escape is not", () => {
    expect(isPlainSchema('{"p\\u0061ttern":"^(a+)+$"}', '"a"')).toBe(false);
  });

  it("that is long, or has a long value, is not", () => {
    const long = object({ a: { enum: Array.from({ length: 2_000 }, (_, index) => `v${index}`) } });
    expect(isPlainSchema(long, "{}")).toBe(false);
    expect(isPlainSchema("{}", JSON.stringify("a".repeat(5_000)))).toBe(false);
    const half = object({ a: { enum: Array.from({ length: 500 }, (_, index) => `v${index}`) } });
    expect(isPlainSchema(half, "{}")).toBe(true);
    expect(isPlainSchema(half, JSON.stringify("a".repeat(500)))).toBe(false);
  });
});
