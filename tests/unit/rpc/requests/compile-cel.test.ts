import { celEnv, parse, plan } from "@bufbuild/cel";
import { create, fromJson } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";
import { expect, it } from "vitest";
import { JsonSchemaFormatSchema } from "../../../../gen/service/steer/v1/generation_pb.ts";
import { StreamOptionsSchema } from "../../../../gen/service/steer/v1/stream_pb.ts";
import { compileCel } from "../../../../src/rpc/requests/compile-cel.ts";
import { UnknownRule } from "../../../../src/rpc/requests/value-rules.ts";

const conditions = fc.constantFrom(
  "this.strict",
  "has(this.strict)",
  "this.name == 'a'",
  'this.name != "b"',
  "this.name in ['a','b']",
  "this.on_invalid in [1, 2]",
  "this.on_invalid<=1",
  "1 < this.on_invalid",
  "this.strict == has(this.strict)",
  "(this.name == 'a') != this.strict",
);

/** Expressions with and without parentheses, so that what binds stronger matters. */
const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { depthSize: "small" },
    conditions,
    tie("expression").map((inner) => `(${inner})`),
    tie("expression").map((inner) => `!( ${inner} )`),
    fc.constantFrom("!this.strict", "!!this.strict", "!has(this.strict)"),
  ),
  expression: fc
    .tuple(
      tie("operand"),
      fc.array(fc.tuple(fc.constantFrom("||", "&&", " || ", " && "), tie("operand")), {
        maxLength: 3,
      }),
    )
    .map(([first, more]) => first + more.flat().join("")),
}));

const messages = [undefined, false, true].flatMap((strict) =>
  ["", "a", "b"].flatMap((name) =>
    [0, 1, 2].map((onInvalid) =>
      fromJson(
        JsonSchemaFormatSchema,
        strict === undefined ? { name, onInvalid } : { name, onInvalid, strict },
      ),
    ),
  ),
);

it("a condition is true exactly if the library finds it true", () => {
  const verdicts = new Set<boolean>();
  fc.assert(
    fc.property(expression, (text) => {
      const check = compileCel(text, JsonSchemaFormatSchema);
      const find = plan(celEnv(), parse(text));
      for (const message of messages) {
        const verdict = check({ ...message });
        verdicts.add(verdict);
        expect(verdict, text).toBe(find({ this: reflect(JsonSchemaFormatSchema, message) }));
      }
    }),
    { numRuns: 100 },
  );
  expect(verdicts.size).toBe(2);
});

it.each([
  "this.name",
  "this.strict ? true : false",
  "this.name.size() > 0",
  "size(this.name) > 0",
  "this.name == 'it\\'s'",
  "this.name < 'b'",
  "this.nothing == 1",
  "this.on_invalid == 'a'",
  "this.on_invalid in ['a']",
  "this.on_invalid in []",
  "this.on_invalid in [this.on_invalid]",
  "this.on_invalid == 1u",
  "this.on_invalid == 1.5",
  "this.on_invalid == -1",
  "1 < this.on_invalid < 2",
  "this.on_invalid + 1 == 2",
  "has(this.name)",
  "(this.strict",
  "this.strict)",
  "this.strict &&",
  "other.strict",
  "",
])("a condition of more than the rules use is refused: %s", (text) => {
  expect(() => compileCel(text, JsonSchemaFormatSchema)).toThrow(UnknownRule);
});

it("durations are compared by their order alone", () => {
  expect(() => compileCel("this.retention == this.disconnect_grace", StreamOptionsSchema)).toThrow(
    UnknownRule,
  );
  const check = compileCel("this.retention > this.disconnect_grace", StreamOptionsSchema);
  const second = { seconds: 1n, nanos: 0 };
  expect(check({ ...create(StreamOptionsSchema, { retention: second }) })).toBe(true);
  expect(check({ ...create(StreamOptionsSchema, { disconnectGrace: second }) })).toBe(false);
});
