import { expect, test } from "vitest";
import { findProbes, probeAround, probedText } from "../../mutation/probes.ts";

/** The pieces of a text that ran, by what a probed copy of it says. */
function ranIn(text: string): string[] {
  const probes = findProbes("src/usage/some.ts", text);
  const body = probedText(text, probes, 0, "recorder").split("\n").slice(1).join("\n");
  const ran: string[] = [];
  const say = (index: number): void => {
    const probe = probes[index];
    if (probe !== undefined) ran.push(text.slice(probe.start, probe.end));
  };
  new Function("__ran", body)(say);
  return ran;
}

test("a statement says that it runs, and one that is not reached does not", () => {
  expect(ranIn("\nconst f = (a) => { if (a) return 1; return 2; };\nf(true);")).toEqual([
    "const f = (a) => { if (a) return 1; return 2; };",
    "f(true);",
    "if (a) return 1;",
    "return 1;",
  ]);
});

test.each([
  ["a choice", "const b = true ? 1 : 2;", ["1"]],
  ["the right side of an operator", "const b = true || (2, 3);", []],
  ["a default", "const { a = 5 } = {};", ["5"]],
  ["a default that is not used", "const { a = 5 } = { a: 1 };", []],
  ["the body of an arrow function", "const b = (() => ({ c: 1 }))();", ["({ c: 1 })"]],
  ["one within another", "const b = true ? true && 7 : 8;", ["true && 7", "7"]],
  ["the first value of a field", "new (class { a = 3; })();", ["3"]],
])("%s has its own piece", (_name, text, expected) => {
  expect(ranIn(`\n${text}`)).toEqual([text, ...expected]);
});

test("a place belongs to the smallest piece around it, and knows when that runs", () => {
  const text = "export const a = 1;\nexport function f(b) {\n  return b ? 22 : 33;\n}";
  const probes = findProbes("src/usage/some.ts", text);
  const at = (part: string) => {
    const start = text.indexOf(part);
    return probes[probeAround(probes, { start, end: start + part.length })];
  };
  expect(at("1")).toMatchObject({ isTop: true });
  expect(at("22")).toMatchObject({ form: "expression", isTop: false });
  expect(at("b ?")).toMatchObject({ form: "statement", isTop: false });
});
