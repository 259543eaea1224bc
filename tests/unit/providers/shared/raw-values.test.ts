import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANY, rawValues } from "../../../../src/providers/shared/raw-values.ts";

const blank = fc.constantFrom("", " ", "\n\t ", "\r\n");

/** JSON texts with blanks wherever they may stand, and with what printing would not keep. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("null", "true", "12345678901234567890", "1.0", "-0", "1e3", '"\\u00e9"'),
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
    fc
      .string({ unit: fc.constantFrom("\\", '"', "{", "]", ",", ":") })
      .map((text) => JSON.stringify(text)),
    fc
      .array(fc.tuple(blank, tie("json"), blank), { maxLength: 3 })
      .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
    fc
      .array(fc.tuple(fc.string({ maxLength: 3 }), blank, blank, tie("json"), blank), {
        maxLength: 3,
      })
      .map(
        (fields) =>
          `{${fields.map(([key, a, b, value, c]) => `${a}${JSON.stringify(key)}${b}:${c}${value}${a}`).join(",")}}`,
      ),
  ),
}));

describe("the texts of values", () => {
  it("are those that stand in the text, whatever stands around them", () => {
    fc.assert(
      fc.property(json, json, json, blank, (first, second, other, space) => {
        const text =
          `${space}{"x":${other},"content"${space}:${space}[{"a":${other},"input":${space}${first}${space},"b":1},` +
          `${space}${other},{"in\\u0070ut":${second}}],"y":${other}}`;
        JSON.parse(text);
        const raw = rawValues(text, [["content", ANY, "input"]]);
        expect(raw.at("content", 0, "input")).toBe(first);
        expect(raw.at("content", 2, "input")).toBe(second);
        expect(raw.at("content", 3, "input")).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("follow several patterns, and a value inside another", () => {
    const text = '{"a":{"b":{"c":[1]}},"d":2,"__proto__":3}';
    const raw = rawValues(text, [
      ["a", "b", "c"],
      ["a", "b"],
      ["d"],
      ["__proto__"],
      ["a", ANY, "c", ANY],
    ]);
    expect(raw.at("a", "b", "c")).toBe("[1]");
    expect(raw.at("a", "b")).toBe('{"c":[1]}');
    expect(raw.at("a", "b", "c", 0)).toBe("1");
    expect(raw.at("d")).toBe("2");
    expect(raw.at("__proto__")).toBe("3");
  });

  it("are those of the last of two equal keys, as a parser has it", () => {
    expect(rawValues('{"a":1,"a":{"b":2}}', [["a"]]).at("a")).toBe('{"b":2}');
  });

  it("are found below and beside nesting that no stack would hold", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const raw = rawValues(`{"content":[{"x":${deep},"input":${deep}}]}`, [
      ["content", ANY, "input"],
    ]);
    expect(raw.at("content", 0, "input")).toBe(deep);
  });
});
