import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { after, type Breach, before, createSkeleton, type Skeleton } from "../support/skeleton.ts";

// The rules that biome.json sets, one seeded breach each.

let skeleton: Skeleton;

beforeAll(async () => {
  skeleton = await createSkeleton();
});

afterAll(() => skeleton.remove());

async function expectRed(breach: Breach, evidence: string): Promise<void> {
  const { status, output } = await skeleton.check(breach, "biome");
  expect(output).toContain("RED    biome");
  expect(output).toContain(evidence);
  expect(status).toBe(1);
}

describe("the imports", () => {
  it("is red when two files import each other", async () => {
    await expectRed(
      {
        "src/routing/one.ts": 'import type { Two } from "./two.ts";\n\nexport type One = Two[];\n',
        "src/routing/two.ts": 'import type { One } from "./one.ts";\n\nexport type Two = One[];\n',
      },
      "noImportCycles",
    );
  });
});

describe("the style", () => {
  const router = "src/routing/route.ts";
  it.each<[what: string, rule: string, breach: Breach]>([
    ["a badly formatted line", "format ━", { [router]: after("export const a  =  1") }],
    [
      "a file of 301 lines",
      "noExcessiveLinesPerFile",
      { "src/routing/long.ts": "export const a = 1;\n".repeat(301) },
    ],
    [
      "a floating promise",
      "noFloatingPromises",
      { [router]: after("async function wait(): Promise<void> {}\n\nwait();") },
    ],
    ["an unused variable", "noUnusedVariables", { [router]: after("const unused = 1;") }],
    [
      "a lost cause",
      "noUnusedVariables",
      {
        [router]: after(
          'try {\n  route([], { text: "" });\n} catch (error) {\n  throw new Error("lost");\n}',
        ),
      },
    ],
    ["a thrown string", "useThrowOnlyError", { [router]: after('throw "no error";') }],
    ["any", "noExplicitAny", { [router]: after("export const a: any = 1;") }],
    ["a claim of not null", "noNonNullAssertion", { [router]: after("export const b = [1][0]!;") }],
    ["a default export", "noDefaultExport", { [router]: after("export default 1;") }],
    ["an enum", "noEnum", { [router]: after("export enum Color {\n  Red,\n}") }],
    [
      "a parameter property",
      "noParameterProperties",
      { [router]: after("export class A {\n  constructor(readonly a: string) {}\n}") },
    ],
    [
      "a value imported as a type's",
      "useImportType",
      { [router]: after('import { Clock } from "../clock.ts";\n\nexport type C = Clock;') },
    ],
    ["a barrel", "noBarrelFile", { "src/routing/all.ts": 'export { route } from "./route.ts";\n' }],
    [
      "a file name in camel case",
      "useFilenamingConvention",
      { "src/routing/aB.ts": "export {};\n" },
    ],
    [
      "a variable of the environment",
      "noProcessEnv",
      { [router]: after('export const a = process.env["A"];') },
    ],
    [
      "the environment, imported",
      "noProcessEnv",
      { [router]: before('import { env } from "node:process";\n\nexport const a = env["A"];') },
    ],
    ["a timer", "noRestrictedGlobals", { [router]: after("setTimeout(() => {}, 1);") }],
    [
      "input and output in a pure folder",
      "noRestrictedGlobals",
      { [router]: after('await fetch("");') },
    ],
  ])("is red for %s", async (_what, rule, breach) => {
    await expectRed(breach, rule);
  });
});
