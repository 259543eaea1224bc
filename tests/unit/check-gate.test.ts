import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSkeleton, type Outcome, runIn, writeFiles } from "../support/skeleton.ts";

// Each gate of `npm run check` turns red for the breach it is there for, so that
// no gate can go silent. The breaches are seeded into a small tree of the
// repository's layout, which stands under the repository's own configuration.

let clean: string;
const copies: string[] = [];

beforeAll(async () => {
  clean = await createSkeleton();
}, 60_000);

afterAll(() => {
  for (const folder of [clean, ...copies]) rmSync(folder, { recursive: true, force: true });
});

/** What to write, or how to change what is there, by path. */
type Breach = Readonly<Record<string, string | ((text: string) => string)>>;

function seeded(breach: Breach): string {
  const folder = `${clean}-${copies.length}`;
  cpSync(clean, folder, { recursive: true, verbatimSymlinks: true });
  copies.push(folder);
  for (const [name, change] of Object.entries(breach)) {
    const text =
      typeof change === "string" ? change : change(readFileSync(join(folder, name), "utf8"));
    writeFiles(folder, { [name]: text });
  }
  return folder;
}

function check(folder: string, gate: string): Promise<Outcome> {
  return runIn(folder, "node", ["tools/check.mjs", "--only", gate]);
}

async function expectRed(gate: string, breach: Breach, evidence: string): Promise<void> {
  const { status, output } = await check(seeded(breach), gate);
  expect(output).toContain(`RED    ${gate}`);
  expect(output).toContain(evidence);
  expect(status).toBe(1);
}

const before = (line: string) => (text: string) => `${line}\n${text}`;
const after = (lines: string) => (text: string) => `${text}\n${lines}\n`;

describe("npm run check", () => {
  it("is green on a tree of the layout with every legal import", async () => {
    const { status, output } = await runIn(clean, "npm", ["run", "check"]);
    expect(output).not.toContain("RED");
    expect(output.match(/^green/gm)).toHaveLength(8);
    expect(status).toBe(0);
  });

  it("runs every gate, red or not, and fails", async () => {
    const folder = seeded({ "src/domain/spec.ts": after("export const dead = Math.random();") });
    const { status, output } = await runIn(folder, "npm", ["run", "check"]);
    expect(output.match(/^RED/gm)).toHaveLength(2);
    expect(output.match(/^green/gm)).toHaveLength(6);
    expect(status).toBe(1);
  });

  it("refuses a gate that does not exist", async () => {
    const { status, output } = await check(clean, "nothing");
    expect(output).toContain("usage: npm run check");
    expect(status).toBe(2);
  });
});

describe("the layering", () => {
  const telemetry = "../telemetry/telemetry.ts";
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
    ["a folder imports the wire", "src/routing/router.ts", 'import "../../gen/es/steer/v1/e.ts";'],
    ["a new folder imports another", "src/budget/budget.ts", 'import "../routing/router.ts";'],
    ["src imports tests", "src/routing/router.ts", 'import "../../tests/support/x.ts";'],
    ["domain imports the clock", "src/domain/spec.ts", 'import "../clock.ts";'],
    ["domain imports Node", "src/domain/spec.ts", 'import "node:fs";'],
    ["the clock imports the domain", "src/clock.ts", 'import "./domain/spec.ts";'],
    ["a provider imports another", "src/providers/beta/provider.ts", 'import "../alpha/x.ts";'],
    ["a provider imports a folder", "src/providers/beta/provider.ts", 'import "../../rpc/x.ts";'],
    ["shared imports a provider", "src/providers/shared/dialect.ts", 'import "../alpha/x.ts";'],
    ["the provider contract imports one", "src/providers/provider.ts", 'import "./alpha/x.ts";'],
    ["the gateway imports rpc", "src/gateway.ts", 'import "./rpc/encode-answer.ts";'],
    ["the gateway imports the wire", "src/gateway.ts", 'import "../gen/es/steer/v1/echo_pb.ts";'],
    ["the gateway imports a provider", "src/gateway.ts", 'import "./providers/alpha/x.ts";'],
    ["the gateway imports the registry", "src/gateway.ts", 'import "./providers/registry.ts";'],
    ["the gateway imports the configuration", "src/gateway.ts", 'import "./config.ts";'],
    ["a joining file imports the wire", "src/service.ts", 'import "../gen/es/steer/v1/e.ts";'],
    ["rpc imports routing", "src/rpc/encode-answer.ts", 'import "../routing/router.ts";'],
    ["rpc imports the gateway", "src/rpc/encode-answer.ts", 'import "../gateway.ts";'],
    ["cli imports rpc", "src/cli/steer.ts", 'import "../rpc/encode-answer.ts";'],
  ])("is red when %s", async (_what, file, line) => {
    const known = file !== "src/budget/budget.ts";
    await expectRed("biome", { [file]: known ? before(line) : `${line}\n` }, "noRestrictedImports");
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

describe("the other gates", () => {
  const proto = "proto/steer/v1/echo.proto";
  it.each<[gate: string, what: string, breach: Breach, evidence: string]>([
    [
      "types",
      "a type error",
      { "src/domain/spec.ts": after("export const a: number = '';") },
      "TS2322",
    ],
    [
      "types",
      "syntax that Node cannot strip",
      { "src/domain/spec.ts": after("export namespace A {\n  export const b = 1;\n}") },
      "TS1294",
    ],
    [
      "types",
      "a type error in a test",
      { "tests/unit/a.test.ts": "export const a: number = '';" },
      "TS2322",
    ],
    ["dead-code", "an unused export", { "src/clock.ts": after("export const dead = 1;") }, "dead"],
    [
      "dead-code",
      "an unused file",
      { "src/routing/dead.ts": "export {};\n" },
      "src/routing/dead.ts",
    ],
    [
      "dead-code",
      "an unused dependency",
      {
        "package.json": (text) => text.replace('"@bufbuild/protobuf"', '"yaml": "2.9.1",\n    $&'),
      },
      "yaml",
    ],
    ["clock", "randomness", { "src/gateway.ts": after("Math.random();") }, "src/gateway.ts:10"],
    ["clock", "the time of day", { "src/rpc/a.ts": "Date.now();" }, "src/rpc/a.ts:1"],
    ["clock", "the present as a date", { "src/rpc/a.ts": "new Date();" }, "src/rpc/a.ts:1"],
    ["clock", "a time from elsewhere", { "src/rpc/a.ts": "performance.now();" }, "src/rpc/a.ts:1"],
    [
      "proto-lint",
      "a badly named field",
      { [proto]: (text) => text.replace(" text ", " Text ") },
      "lower_snake_case",
    ],
    [
      "proto-lint",
      "a field without comment",
      { [proto]: (text) => text.replace("  // The words.\n", "") },
      "comment",
    ],
    [
      "proto-format",
      "a badly formatted line",
      { [proto]: (text) => text.replace("text =", "text  =") },
      "-  string text  = 1;",
    ],
    [
      "proto-breaking",
      "a field of another type",
      { [proto]: (text) => text.replace("string text", "bytes text") },
      "changed type",
    ],
    [
      "proto-breaking",
      "a field taken away",
      { [proto]: (text) => text.replace(/ {2}\/\/ The.*\n.*text = 1;\n/, "") },
      "deleted",
    ],
    [
      "generated",
      "a contract that was not generated",
      { [proto]: (text) => text.replace("}", "  // More.\n  string more = 2;\n}") },
      "gen/es/steer/v1/echo_pb.ts is not",
    ],
    ["generated", "a stale descriptor set", { "gen/steer.binpb": "" }, "gen/steer.binpb is not"],
    [
      "generated",
      "an edited file",
      { "gen/es/steer/v1/echo_pb.ts": after("export const a = 1;") },
      "gen/es/steer/v1/echo_pb.ts is not",
    ],
    [
      "generated",
      "a file that nothing generates",
      { "gen/es/more.ts": "" },
      "gen/es/more.ts is not",
    ],
    [
      "generated",
      "an edited contract of others",
      { "third_party/buf/validate/validate.proto": after("// mine") },
      "validate.proto is stale",
    ],
  ])("%s is red for %s", async (gate, _what, breach, evidence) => {
    await expectRed(gate, breach, evidence);
  });
});
