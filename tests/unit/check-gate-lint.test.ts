import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { after, type Breach, before, createSkeleton, type Skeleton } from "../support/skeleton.ts";

// The rules that biome.json and tools/import-table.json set, one seeded breach each.

let skeleton: Skeleton;

beforeAll(async () => {
  skeleton = await createSkeleton();
});

afterAll(() => skeleton.remove());

async function expectRed(gate: string, breach: Breach, evidence: string): Promise<void> {
  const { status, output } = await skeleton.check(breach, gate);
  expect(output).toContain(`RED    ${gate}`);
  expect(output).toContain(evidence);
  expect(status).toBe(1);
}

describe("the layering", () => {
  const telemetry = "../telemetry/telemetry.ts";
  const gateway = "src/gateway/gateway.ts";
  it.each<[what: string, file: string, line: string]>([
    ["a folder imports a sibling", "src/routing/router.ts", `import "${telemetry}";`],
    [
      "a folder imports a sibling's type",
      "src/routing/router.ts",
      `import type { stamp } from "${telemetry}"; export type S = typeof stamp;`,
    ],
    [
      "a folder imports a sibling when it runs",
      "src/routing/router.ts",
      `export const later = () => import("${telemetry}");`,
    ],
    [
      "a folder names a sibling's type where it needs one",
      "src/routing/router.ts",
      `export type Stamp = typeof import("${telemetry}").stamp;`,
    ],
    [
      "a folder imports a computed path",
      "src/routing/router.ts",
      "export const any = (path: string) => import(path);",
    ],
    [
      "a folder starts a sibling as a thread",
      "src/routing/router.ts",
      `export const thread = new URL("${telemetry}", import.meta.url);`,
    ],
    [
      "a folder passes a sibling's export on",
      "src/routing/router.ts",
      `export { stamp } from "${telemetry}";`,
    ],
    ["a folder takes a detour", "src/routing/router.ts", `import "./${telemetry}";`],
    [
      "a folder takes a detour by a legal one",
      "src/routing/router.ts",
      'import "../domain/../telemetry/telemetry.ts";',
    ],
    ["a folder imports a file that joins", "src/routing/router.ts", 'import "../config.ts";'],
    [
      "a folder imports the wire",
      "src/routing/router.ts",
      'import "../../gen/service/steer/v1/e.ts";',
    ],
    ["a new folder imports another", "src/budget/budget.ts", 'import "../routing/router.ts";'],
    ["A-61: circuits write to the log", "src/reliability/circuit.ts", 'import "../log.ts";'],
    ["src imports tests", "src/routing/router.ts", 'import "../../tests/support/x.ts";'],
    ["domain imports the clock", "src/domain/spec.ts", 'import "../clock.ts";'],
    ["domain imports Node", "src/domain/spec.ts", 'import "node:fs";'],
    ["the clock imports the domain", "src/clock.ts", 'import "./domain/spec.ts";'],
    ["a provider imports another", "src/providers/beta/provider.ts", 'import "../alpha/x.ts";'],
    ["a provider imports a folder", "src/providers/beta/provider.ts", 'import "../../rpc/x.ts";'],
    ["shared imports a provider", "src/providers/shared/dialect.ts", 'import "../alpha/x.ts";'],
    ["the provider contract imports one", "src/providers/provider.ts", 'import "./alpha/x.ts";'],
    ["a store imports another's inside", "src/streams/a/thread.ts", 'import "../b/thread.ts";'],
    ["a store's inside imports a folder", "src/streams/a/thread.ts", 'import "../../rpc/x.ts";'],
    ["the gateway imports rpc", gateway, 'import "../rpc/encode-answer.ts";'],
    ["the gateway imports the wire", gateway, 'import "../../gen/service/steer/v1/echo_pb.js";'],
    ["the gateway imports a provider", gateway, 'import "../providers/alpha/x.ts";'],
    ["the gateway imports the registry", gateway, 'import "../providers/registry.ts";'],
    ["the gateway imports the configuration", gateway, 'import "../config.ts";'],
    ["the gateway imports operations", gateway, 'import "../operations/operations.ts";'],
    ["operations import a provider", "src/operations/x.ts", 'import "../providers/alpha/x.ts";'],
    ["operations import rpc", "src/operations/x.ts", 'import "../rpc/encode-answer.ts";'],
    ["a joining file imports the wire", "src/service.ts", 'import "../gen/service/steer/v1/e.ts";'],
    ["rpc imports routing", "src/rpc/encode-answer.ts", 'import "../routing/router.ts";'],
    ["rpc imports the gateway", "src/rpc/encode-answer.ts", 'import "../gateway/gateway.ts";'],
    ["rpc imports callers' stubs", "src/rpc/a.ts", 'import "../../gen/es/steer/v1/e.js";'],
    ["cli imports rpc", "src/cli/steer.ts", 'import "../rpc/encode-answer.ts";'],
    ["a client imports src", "clients/typescript/steer.ts", 'import "../../src/clock.ts";'],
    ["a client imports rules", "clients/typescript/a.ts", 'import "../../gen/service/steer/e.ts";'],
  ])("is red when %s", async (_what, file, line) => {
    const known = !/budget|streams|reliability|operations|a\.ts/.test(file);
    await expectRed("imports", { [file]: known ? before(line) : `${line}\n` }, `${file}:1: `);
  });

  it("is red when two files import each other", async () => {
    await expectRed(
      "biome",
      {
        "src/routing/one.ts": 'import type { Two } from "./two.ts";\n\nexport type One = Two[];\n',
        "src/routing/two.ts": 'import type { One } from "./one.ts";\n\nexport type Two = One[];\n',
      },
      "noImportCycles",
    );
  });
});

describe("the style", () => {
  const router = "src/routing/router.ts";
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
    [
      "a barrel",
      "noBarrelFile",
      { "src/routing/all.ts": 'export { route } from "./router.ts";\n' },
    ],
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
    await expectRed("biome", breach, rule);
  });
});
