import { type Schema, Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import type { JsonObject, JsonValue } from "../../../../src/domain/json.ts";
import { smallValue } from "../../../../src/providers/simulator/small-value.ts";

function errorsOf(schema: JsonObject, value: JsonValue) {
  return new Validator(schema as Schema, "2020-12").validate(value).errors;
}

const object = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({
  type: "object",
  required: Object.keys(properties),
  properties,
  ...rest,
});

/** A tree whose nodes have so many children, each of which may be null. */
function tree(children: number): JsonObject {
  const child = { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] };
  const names = Array.from({ length: children }, (_, index) => `child${index}`);
  const node = object(Object.fromEntries(names.map((name) => [name, child])));
  return { $ref: "#/$defs/node", $defs: { node } };
}

describe("a small value of a JSON Schema", () => {
  it.each<[string, JsonObject, string]>([
    ["anything", {}, "0"],
    ["an empty object", { type: "object", properties: { a: {} } }, "{}"],
    [
      "an object by its keywords",
      { required: ["a"], properties: { a: { type: "null" } } },
      '{"a":null}',
    ],
    [
      "required members in the order of the properties",
      { ...object({ a: { type: "string" }, b: { type: "boolean" } }), required: ["b", "a"] },
      '{"a":"","b":false}',
    ],
    [
      "members that are only required",
      { type: "object", required: ["q"], additionalProperties: { type: "string" } },
      '{"q":""}',
    ],
    [
      "names that objects inherit",
      object(
        JSON.parse('{"toString":{"type":"null"},"__proto__":{"type":"string"}}') as JsonObject,
      ),
      '{"toString":null,"__proto__":""}',
    ],
    ["an array", { type: "array", minItems: 2, items: { type: "integer", minimum: 3 } }, "[3,3]"],
    [
      "a tuple",
      {
        type: "array",
        minItems: 3,
        prefixItems: [{ type: "string" }, { type: "boolean" }],
        items: { type: "null" },
      },
      '["",false,null]',
    ],
    ["a bound", { type: "integer", minimum: 12 }, "12"],
    ["an excluded bound", { type: "integer", exclusiveMinimum: 1 }, "2"],
    ["a negative bound", { type: "integer", maximum: -2 }, "-2"],
    ["a narrow range", { type: "number", minimum: 0.2, maximum: 0.3 }, "0.2"],
    [
      "a range without a short number",
      { type: "number", exclusiveMinimum: 0.001, exclusiveMaximum: 0.002 },
      "0.0015",
    ],
    ["multiples", { type: "number", multipleOf: 0.1, minimum: 0.25 }, "0.3"],
    ["whole multiples", { type: "integer", multipleOf: 7, minimum: 1 }, "7"],
    ["a length", { type: "string", minLength: 2 }, '"aa"'],
    ["a format", { type: "string", format: "date-time" }, '"2000-01-01T00:00:00Z"'],
    ["a format with a length", { type: "string", format: "email", minLength: 9 }, '"aaaa@b.co"'],
    ["the first of a list", { enum: ["long", "s", 10] }, '"long"'],
    ["of a list what the type allows", { type: "integer", enum: ["a", 22] }, "22"],
    ["a constant", { const: { a: [1] } }, '{"a":[1]}'],
    ["several types", { type: ["string", "null"] }, '""'],
    ["the first choice", { anyOf: [{ type: "boolean" }, { type: "null" }] }, "false"],
    [
      "a choice with what stands beside it",
      { type: "integer", oneOf: [{ minimum: 100 }, { maximum: 50 }] },
      "100",
    ],
    [
      "a choice that is possible",
      { type: "string", anyOf: [{ type: "integer" }, { minLength: 1 }] },
      '"a"',
    ],
    [
      "all of several",
      {
        allOf: [
          object({ a: { type: "integer" } }),
          object({ b: { const: 3 } }),
          { properties: { a: { minimum: 5 } } },
        ],
      },
      '{"a":5,"b":3}',
    ],
    [
      "several references at one place",
      {
        allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }],
        $defs: { a: object({ x: { type: "string" } }), b: object({ y: { type: "null" } }) },
      },
      '{"x":"","y":null}',
    ],
    [
      "a reference with keywords beside it",
      { $ref: "#/$defs/n", minimum: 4, $defs: { n: { type: "integer" } } },
      "4",
    ],
    [
      "an escaped reference",
      { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { type: "null" } } },
      "null",
    ],
    ["a reference into a list", { oneOf: [{ $ref: "#/anyOf/1" }], anyOf: [{}, { const: 1 }] }, "1"],
    ["a recursion that may end", tree(1), '{"child0":null}'],
    [
      "a recursion by lists",
      { ...object({ children: { type: "array", items: { $ref: "#" } } }) },
      '{"children":[]}',
    ],
  ])("of %s", (_name, schema, expected) => {
    const value = smallValue(schema);
    expect(JSON.stringify(value)).toBe(expected);
    expect(errorsOf(schema, value)).toEqual([]);
  });

  it("is a way out of a recursion at one place", () => {
    expect(smallValue({ anyOf: [{ $ref: "#" }, { const: 7 }] })).toBe(7);
  });

  it("is one that the schema allows, whatever the bounds are", () => {
    const bound = fc.oneof(
      fc.integer({ min: -1000, max: 1000 }),
      fc.constantFrom(0.25, -0.5, 2.75),
    );
    const scalar = fc.oneof(
      fc.record(
        { type: fc.constantFrom("integer", "number"), minimum: bound },
        { requiredKeys: ["type"] },
      ),
      fc.record(
        { type: fc.constantFrom("integer", "number"), exclusiveMaximum: bound },
        { requiredKeys: ["type"] },
      ),
      fc.record({ type: fc.constant("string"), minLength: fc.nat(9) }),
      fc.record({ type: fc.constantFrom("null", "boolean") }),
      fc.record({ enum: fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }) }),
    );
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        scalar as fc.Arbitrary<JsonObject>,
        fc.record({ type: fc.constant("array"), minItems: fc.nat(3), items: tie("schema") }),
        fc
          .dictionary(fc.string({ maxLength: 3 }), tie("schema"), { maxKeys: 4 })
          .map((properties) => object(properties)),
        fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      ),
    }));
    fc.assert(
      fc.property(schema, (generated) => {
        expect(errorsOf(generated, smallValue(generated))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, JsonObject]>([
    ["nothing", { allOf: [{ type: "string" }, { type: "null" }] }],
    ["what cannot be", { type: "integer", minimum: 2, maximum: 1 }],
    [
      "a member that is not allowed",
      { type: "object", required: ["a"], additionalProperties: false },
    ],
    ["itself", { $ref: "#" }],
    ["an object that holds itself", object({ self: { $ref: "#" } })],
    ["what is not there", { $ref: "#/$defs/none" }],
    ["what cannot be decoded", { $ref: "#/$defs/%zz" }],
    ["another document", { $ref: "https://example.com/schema" }],
    ["a list without end", { type: "array", minItems: 5e9 }],
    ["a text without end", { type: "string", minLength: 1e10 }],
    [
      "lists of lists of lists",
      { type: "array", minItems: 1e3, items: { type: "array", minItems: 1e3 } },
    ],
    ["a number without end", JSON.parse('{"type":"number","minimum":1e400}') as JsonObject],
    [
      "too many choices",
      {
        minLength: 2,
        maxLength: 1,
        allOf: Array.from({ length: 24 }, () => ({ anyOf: [{}, { title: "a" }, { title: "b" }] })),
      },
    ],
    [
      "a chain of references",
      {
        $ref: "#/$defs/n0",
        $defs: Object.fromEntries(
          Array.from({ length: 5_000 }, (_, index) => [
            `n${index}`,
            { $ref: `#/$defs/n${index + 1}` },
          ]),
        ),
      },
    ],
    ["too many parts", { allOf: Array.from({ length: 5_000 }, () => object({ x: {} })) }],
    [
      "a nesting of 100,000 levels",
      JSON.parse(
        `${'{"minItems":1,"items":'.repeat(100_000)}{}${"}".repeat(100_000)}`,
      ) as JsonObject,
    ],
  ])("is refused for a schema of %s, and soon", (_name, schema) => {
    const before = process.cpuUsage();
    expect(() => smallValue(schema)).toThrow(GatewayError);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it("is found soon in trees with many branches", () => {
    const before = process.cpuUsage();
    // As a request has the schema, in which no two children are the same object.
    const parsed = JSON.parse(JSON.stringify(tree(100))) as JsonObject;
    expect(Object.values(smallValue(parsed) as JsonObject)).toEqual(
      Array.from({ length: 100 }, () => null),
    );
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});
