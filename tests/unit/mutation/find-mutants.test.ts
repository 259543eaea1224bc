import { expect, test } from "vitest";
import { findMutants } from "../../mutation/find-mutants.ts";
import { mutatedText } from "../../mutation/mutant.ts";

/** What becomes of a text, a change at a time. */
function variants(text: string): string[] {
  return findMutants("src/usage/some.ts", text).map((mutant) => mutatedText(text, mutant));
}

test.each([
  ["f(a < b)", ["f(a <= b)", "f(a >= b)"]],
  ["f(a === b)", ["f(a !== b)"]],
  ["f(a - b)", ["f(a + b)"]],
  ["f(a && b)", ["f(a || b)"]],
  ["f(a ?? b)", ["f(a)", "f(b)"]],
  ["f(!a)", ["f(a)"]],
  ["f(a instanceof B)", ["f(!(a instanceof B))"]],
  ["f(true)", ["f(false)"]],
  ["f(3)", ["f(0)", "f(4)"]],
  ["f(30_000)", ["f(0)"]],
  ["f(0)", ["f(1)"]],
  ["f(5n)", ["f(0n)"]],
  ["f('a')", ['f("")']],
  ["f('')", ['f("mutated")']],
  [`f(\`a\${b}\`)`, ["f(``)"]],
  ["f([a])", ["f([])"]],
  ["f({ a })", ["f({})"]],
  ["f([], {})", []],
  ["f(a?.b)", ["f(a.b)"]],
  ["f(a?.[b])", ["f(a[b])"]],
  ["f(a?.(b))", ["f(a(b))"]],
])("an expression: %s", (expression, expected) => {
  const text = `const x = ${expression};`;
  expect(variants(text).toSorted()).toEqual(expected.map((one) => `const x = ${one};`).toSorted());
});

test.each([
  ["if (a) b = c;", ["if (true) b = c;", "if (false) b = c;", "if (!(a)) b = c;", "if (a) ;"]],
  ["while (a) b();", ["while (false) b();", "while (a) ;"]],
  [
    "const x = a ? b : c;",
    ["true ? b : c", "false ? b : c", "!(a) ? b : c"].map((one) => `const x = ${one};`),
  ],
  ["await a();", ["a();", ";"]],
  ["a += b;", ["a -= b;", ";"]],
  ["a ??= b;", ["a = b;", ";"]],
  ["a++;", ["a--;", ";"]],
  ["throw a;", [";"]],
  ["function f() { return a; }", ["function f() { return; }"]],
  ["function f() { return undefined; }", []],
  ["function f() { return false; }", ["function f() { return true; }"]],
  ["function f(a: T = b) {}", ["function f(a: T) {}"]],
  ["const { a = b } = c;", ["const { a } = c;"]],
  [
    "for (const a of b) { if (c) continue; }",
    ["true", "false", "!(c)"]
      .map((one) => `for (const a of b) { if (${one}) continue; }`)
      .concat("for (const a of b) { if (c) ; }"),
  ],
])("a statement: %s", (text, expected) => {
  expect(variants(text).toSorted()).toEqual([...expected].toSorted());
});

test.each([
  'import { a } from "b";',
  'export * from "b";',
  'export { a } from "b";',
  'type A = "b" | 1 | readonly [2];',
  'interface A { readonly a: "b"; }',
  'let a: Record<"b", 1>;',
  "const a = b as 1;",
  "const a = b satisfies 'c';",
  "const a = new Map<'b', 1>();",
  "const a = () => import('b');",
  "const a = new Worker(new URL('./a.ts', import.meta.url), b);",
  "class A extends B { constructor() { super(); } }",
  "// a < 1\nlet a;",
])("nothing of what does not run, and no names: %s", (text) => {
  expect(variants(text)).toEqual([]);
});

test("texts of the log are no mutants, other arguments and the call itself are", () => {
  expect(variants('this.#log("a", { b: c });').toSorted()).toEqual(
    [";", 'this.#log("a", {});'].toSorted(),
  );
});

test("texts that are joined are not subtracted", () => {
  expect(variants("const x = 'a' + b + c;")).toEqual(['const x = "" + b + c;']);
});

test("a place has its line and its column, both from 1", () => {
  const [mutant] = findMutants("src/usage/some.ts", "const a = b;\nconst c = d < e;");
  expect(mutant).toMatchObject({ line: 2, column: 13, original: "<", kind: "comparison" });
});

test("a file that cannot be parsed is named", () => {
  expect(() => findMutants("src/usage/some.ts", "const = 1;")).toThrow("src/usage/some.ts");
});
