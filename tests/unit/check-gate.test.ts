import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { after, type Breach, createSkeleton, type Skeleton } from "../support/skeleton.ts";

// Each gate of `npm run check` turns red for the breach it is there for, so that
// no gate can go silent.

let skeleton: Skeleton;

beforeAll(async () => {
  skeleton = await createSkeleton();
});

afterAll(() => skeleton.remove());

describe("npm run check", () => {
  it("is green on a tree of the layout with every legal import", async () => {
    const { status, output } = await skeleton.check();
    expect(output).not.toContain("RED");
    expect(output.match(/^green/gm)).toHaveLength(15);
    expect(status).toBe(0);
  });

  it("runs every gate, red or not, and fails", async () => {
    const breach = { "src/domain/spec.ts": after("export const dead = Math.random();") };
    const { status, output } = await skeleton.check(breach);
    expect(output.match(/^RED/gm)).toHaveLength(2);
    expect(output.match(/^green/gm)).toHaveLength(13);
    expect(status).toBe(1);
  });

  it("refuses a gate that does not exist", async () => {
    const { status, output } = await skeleton.check({}, "nothing");
    expect(output).toContain("usage: npm run check");
    expect(status).toBe(2);
  });
});

describe("the other gates", () => {
  const proto = "proto/steer/v1/echo.proto";
  it.each<[gate: string, what: string, breach: Breach, evidence: string | readonly string[]]>([
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
    [
      "functions",
      "a function of 61 lines",
      { "src/rpc/a.ts": `export function long() {\n${"  //\n".repeat(59)}}\n` },
      "src/rpc/a.ts:1: long has 61 lines of its own",
    ],
    [
      "functions",
      "a function around others of 121 lines",
      {
        "src/rpc/a.ts": `export const long = () => {\n${"  void (() => {\n//\n//\n  });\n".repeat(30)}};\n`,
      },
      "src/rpc/a.ts:1: long has",
    ],
    [
      "functions",
      "a method with five parameters",
      {
        "src/rpc/a.ts":
          "export class A {\n  b(c: 1, d: 2, e: 3, f: 4, g: 5) {\n    return [c, d, e, f, g];\n  }\n}\n",
      },
      "and 5 parameters",
    ],
    [
      "functions",
      "an exception that nothing needs",
      { "tools/long-functions.json": '["src/rpc/a.ts long"]\n' },
      "src/rpc/a.ts long is not too long any more",
    ],
    [
      "clock",
      "randomness",
      { "src/gateway/gateway.ts": after("Math.random();") },
      "src/gateway/gateway.ts:10",
    ],
    ["clock", "the time of day", { "src/rpc/a.ts": "Date.now();" }, "src/rpc/a.ts:1"],
    ["clock", "the present as a date", { "src/rpc/a.ts": "new Date();" }, "src/rpc/a.ts:1"],
    ["clock", "a time from elsewhere", { "src/rpc/a.ts": "performance.now();" }, "src/rpc/a.ts:1"],
    [
      "settings",
      "a test that starts the service by itself",
      {
        "tests/system/a.test.ts": `import { runService as startService } from "../../src/service.ts";\n`,
      },
      "tests/system/a.test.ts",
    ],
    [
      "settings",
      "a test that starts its process by itself",
      { "tests/system/a.test.ts": `export const ENTRY = "../../src/main.js";\n` },
      "tests/system/a.test.ts",
    ],
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
      [
        "gen/es/steer/v1/echo_pb.js is not",
        "gen/service/steer/v1/echo_pb.ts is not",
        "gen/steer.binpb is not",
        "docs/api.md is not",
      ],
    ],
    [
      "generated",
      "a comment that the page does not have",
      { [proto]: (text) => text.replace("The words.", "Some words.") },
      "docs/api.md is not",
    ],
    [
      "generated",
      "each file that is not of this contract: a page, a descriptor set, code, stubs, and one too many",
      {
        "docs/api.md": after("More."),
        "gen/steer.binpb": "",
        "gen/service/steer/v1/echo_pb.ts": after("export const a = 1;"),
        "gen/es/steer/v1/echo_pb.js": after("export const a = 1;"),
        "gen/service/more.ts": "",
      },
      [
        "docs/api.md is not",
        "gen/steer.binpb is not",
        "gen/service/steer/v1/echo_pb.ts is not",
        "gen/es/steer/v1/echo_pb.js is not",
        "gen/service/more.ts is not",
      ],
    ],
    [
      "versions",
      "a package of another version",
      { "gen/es/package.json": '{"version": "9.9.9"}' },
      "gen/es/package.json has 9.9.9, not",
    ],
    [
      "versions",
      "a crate of another version",
      { "clients/rust/Cargo.toml": '[package]\nversion = "9.9.9"\n' },
      "clients/rust/Cargo.toml has 9.9.9, not",
    ],
    [
      "versions",
      "a helper that takes other stubs",
      {
        "clients/java/pom.xml": "<artifactId>steer-stubs</artifactId>\n  <version>9.9.9</version>",
      },
      "clients/java/pom.xml has 9.9.9, not",
    ],
    [
      "versions",
      "a helper in Python that takes other stubs",
      {
        "clients/python/pyproject.toml": 'version = "9.9.8"\ndependencies = ["steer-stubs==9.9.9"]',
      },
      "clients/python/pyproject.toml has 9.9.8, 9.9.9, not",
    ],
    [
      "versions",
      "a crate that takes other stubs",
      { "clients/rust/Cargo.toml": 'steer-stubs = { version = "9.9.9", path = "../../gen/rust" }' },
      "clients/rust/Cargo.toml has 9.9.9, not",
    ],
    [
      "versions",
      "a module that takes other stubs",
      { "clients/go/go.mod": "require (\n\tgithub.com/steer-gateway/steer/gen/go v9.9.9\n)" },
      "clients/go/go.mod has 9.9.9, not",
    ],
    [
      "versions",
      "a package without a manifest",
      { "clients/cobol/steer.cob": "" },
      "clients/cobol has no manifest",
    ],
    [
      "generated",
      "an edited contract of others",
      { "third_party/buf/validate/validate.proto": after("// mine") },
      "validate.proto is stale",
    ],
  ])("%s is red for %s", async (gate, _what, breach, evidence) => {
    const { status, output } = await skeleton.check(breach, gate);
    expect(output).toContain(`RED    ${gate}`);
    for (const each of [evidence].flat()) expect(output).toContain(each);
    expect(status).toBe(1);
  });
});
