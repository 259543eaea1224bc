import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Breach, before, createSkeleton, type Skeleton } from "../support/skeleton.ts";

// The rules of the tree: who imports whom, one type for one thing, and names of files. One seeded breach each.

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

describe("the imports", () => {
  const telemetry = "../telemetry/stamp.ts";
  const gateway = "src/gateway/gateway.ts";
  it.each<[what: string, file: string, line: string]>([
    ["a folder imports a sibling", "src/routing/route.ts", `import "${telemetry}";`],
    [
      "a folder imports a sibling's type",
      "src/routing/route.ts",
      `import type { stamp } from "${telemetry}"; export type S = typeof stamp;`,
    ],
    [
      "a folder imports a sibling when it runs",
      "src/routing/route.ts",
      `export const later = () => import("${telemetry}");`,
    ],
    [
      "a folder names a sibling's type where it needs one",
      "src/routing/route.ts",
      `export type Stamp = typeof import("${telemetry}").stamp;`,
    ],
    [
      "a folder imports a path that is put together",
      "src/routing/route.ts",
      'export const any = (name: string) => import("../" + name);',
    ],
    [
      "a folder starts a sibling as a thread",
      "src/routing/route.ts",
      `export const thread = new URL("${telemetry}", import.meta.url);`,
    ],
    [
      "a folder passes a sibling's export on",
      "src/routing/route.ts",
      `export { stamp } from "${telemetry}";`,
    ],
    ["a folder takes a detour", "src/routing/route.ts", `import "./${telemetry}";`],
    [
      "a folder takes a detour by a legal one",
      "src/routing/route.ts",
      'import "../domain/../telemetry/stamp.ts";',
    ],
    ["a folder imports a file that joins", "src/routing/route.ts", 'import "../config.ts";'],
    [
      "a folder imports the wire",
      "src/routing/route.ts",
      'import "../../gen/service/steer/v1/e.ts";',
    ],
    ["a new folder imports another", "src/budget/budget.ts", 'import "../routing/route.ts";'],
    ["A-61: circuits write to the log", "src/reliability/circuit.ts", 'import "../log.ts";'],
    ["src imports tests", "src/routing/route.ts", 'import "../../tests/support/x.ts";'],
    ["domain imports the clock", "src/domain/spec.ts", 'import "../clock.ts";'],
    ["domain imports Node", "src/domain/spec.ts", 'import "node:fs";'],
    ["the clock imports the domain", "src/clock.ts", 'import "./domain/spec.ts";'],
    ["a provider imports another", "src/providers/beta/provider.ts", 'import "../alpha/x.ts";'],
    ["a provider imports a folder", "src/providers/beta/provider.ts", 'import "../../rpc/x.ts";'],
    ["shared imports a provider", "src/providers/shared/dialect.ts", 'import "../alpha/x.ts";'],
    ["the provider contract imports one", "src/providers/provider.ts", 'import "./alpha/x.ts";'],
    ["an engine imports another", "src/store/redis/x.ts", 'import "../sqlite/engine.ts";'],
    ["an engine imports a tenant", "src/store/redis/x.ts", 'import "../../streams/record.ts";'],
    ["a tenant imports an engine", "src/streams/x.ts", 'import "../store/redis/engine.ts";'],
    ["a tenant's part imports another", "src/streams/redis/x.ts", 'import "../sqlite/x.ts";'],
    [
      "a tenant's part imports another engine",
      "src/streams/redis/x.ts",
      'import "../../store/sqlite/engine.ts";',
    ],
    ["a tenant's part imports a folder", "src/streams/redis/x.ts", 'import "../../rpc/x.ts";'],
    ["a door imports another", "src/doors/one/x.ts", 'import "../two/x.ts";'],
    ["a dialect imports the wire", "src/doors/one/x.ts", 'import "../../../gen/service/e.ts";'],
    ["the gateway imports rpc", gateway, 'import "../rpc/encode-answer.ts";'],
    ["the gateway imports the wire", gateway, 'import "../../gen/service/steer/v1/echo_pb.js";'],
    ["the gateway imports a provider", gateway, 'import "../providers/alpha/x.ts";'],
    ["the gateway imports the registry", gateway, 'import "../providers/registry.ts";'],
    ["the gateway imports the configuration", gateway, 'import "../config.ts";'],
    ["the gateway imports operations", gateway, 'import "../operations/operations.ts";'],
    ["operations import a provider", "src/operations/x.ts", 'import "../providers/alpha/x.ts";'],
    ["operations import rpc", "src/operations/x.ts", 'import "../rpc/encode-answer.ts";'],
    ["a joining file imports the wire", "src/service.ts", 'import "../gen/service/steer/v1/e.ts";'],
    ["rpc imports routing", "src/rpc/encode-answer.ts", 'import "../routing/route.ts";'],
    ["rpc imports the gateway", "src/rpc/encode-answer.ts", 'import "../gateway/gateway.ts";'],
    ["rpc imports callers' stubs", "src/rpc/a.ts", 'import "../../gen/es/steer/v1/e.js";'],
    ["cli imports rpc", "src/cli/command-line.ts", 'import "../rpc/encode-answer.ts";'],
    ["a client imports src", "clients/typescript/steer.ts", 'import "../../src/clock.ts";'],
    ["a client imports rules", "clients/typescript/a.ts", 'import "../../gen/service/steer/e.ts";'],
  ])("is red when %s", async (_what, file, line) => {
    const known = !/budget|store|streams|doors|reliability|operations|a\.ts/.test(file);
    await expectRed("imports", { [file]: known ? before(line) : `${line}\n` }, `${file}:1: `);
  });
});

describe("kept garbage", () => {
  it.each<[what: string, line: string, evidence: string]>([
    [
      "a call's function is assigned to a property",
      "export const hold = (a: { b?: () => object }): void => { a.b = () => a; };",
      "a function that is assigned to a property",
    ],
    [
      "a call makes a generator",
      "export function give(a: object) { function* b() { yield a; } return b(); }",
      "a generator within a function",
    ],
    [
      "a call makes a generator as a method",
      "export const give = (a: object) => ({ async *b() { yield a; } });",
      "a generator within a function",
    ],
    [
      "a call makes a class",
      "export function make(a: object) { class B { c = a; } return new B(); }",
      "a class within a function",
    ],
    [
      "a call makes an object with a getter",
      "export const give = (a: object) => ({ get b() { return a; } });",
      "an accessor in an object literal",
    ],
  ])("is red when %s", async (_what, line, evidence) => {
    await expectRed("kept-garbage", { "src/gateway/x.ts": `${line}\n` }, evidence);
  });
});

describe("duplicate types", () => {
  it.each<[what: string, breach: Breach, evidence: string]>([
    [
      "the same members under another name, in another order and another way",
      {
        "src/routing/a.ts":
          "export interface A {\n  readonly b?: string;\n  c(d: number): void;\n  e: readonly A[];\n}\n",
        "src/rpc/b.ts":
          "type F = string;\nexport type B = {\n  readonly e: Array<B>;\n  b: F | undefined;\n  readonly c: (g: number) => void;\n};\n",
      },
      "src/routing/a.ts:1: A is B of src/rpc/b.ts:2",
    ],
    [
      "a copy of a type of the client's",
      {
        "src/rpc/a.ts": "export interface A {\n  b: 1;\n  c: 2;\n  d: 3;\n}\n",
        "clients/typescript/b.ts": "export interface B {\n  b: 1;\n  c: 2;\n  d: 3;\n}\n",
      },
      "src/rpc/a.ts:1: A is B of clients/typescript/b.ts:1",
    ],
    [
      "a copy that holds a copy",
      {
        "src/rpc/a.ts":
          "export interface A {\n  b: 1;\n  c: 2;\n  d: D;\n}\ninterface D {\n  e: 1;\n  f: 2;\n}\n",
        "src/cli/b.ts":
          "export interface B {\n  b: 1;\n  c: 2;\n  d: G;\n}\ninterface G {\n  e: 1;\n  f: 2;\n}\n",
      },
      "src/cli/b.ts:1: B is A of src/rpc/a.ts:1",
    ],
    [
      "a literal without a name that is a copy",
      {
        "src/rpc/a.ts": "export interface A {\n  b: 1;\n  c: 2;\n  d: 3;\n}\n",
        "src/rpc/b.ts":
          "export function f(_a: { readonly b: 1; readonly c: 2; readonly d: 3 }): void {}\n",
      },
      "src/rpc/a.ts:1: A is anonymous of src/rpc/b.ts:1",
    ],
    [
      "a copy with one member of another type",
      {
        "src/rpc/a.ts": "export interface A {\n  b: 1;\n  c: 2;\n  d: 3;\n  e: number;\n}\n",
        "src/rpc/b.ts": "export interface B {\n  b: 1;\n  c: 2;\n  d: 3;\n  e: string;\n}\n",
      },
      "src/rpc/a.ts:1: A is nearly B of src/rpc/b.ts:1",
    ],
    [
      "a type that another has all of, and does not extend",
      {
        "src/rpc/a.ts":
          "export interface A {\n  b: 1;\n  c: 2;\n  d: 3;\n  e: 4;\n  f: 5;\n  g: 6;\n}\n",
        "src/rpc/b.ts":
          "export interface B extends C {\n  b: 1;\n  c: 2;\n  d: 3;\n  h: 7;\n}\ninterface C {\n  e: 4;\n  f: 5;\n  g: 6;\n}\n",
      },
      "src/rpc/a.ts:1: A stands in B of src/rpc/b.ts:1",
    ],
    [
      "an exception that nothing needs",
      { "tools/duplicate-types.json": '{ "src/rpc/a.ts A = src/rpc/b.ts B": "a reason" }\n' },
      "src/rpc/a.ts A = src/rpc/b.ts B are no copies any more",
    ],
  ])("are %s", async (_what, breach, evidence) => {
    await expectRed("duplicate-types", breach, evidence);
  });

  it.each<[what: string, breach: Breach]>([
    [
      "variants of a union",
      {
        "src/rpc/a.ts":
          'export type A =\n  | { type: "b"; c: 1; d: 2; e: 3 }\n  | { type: "f"; c: 1; d: 2; e: 3 };\n',
      },
    ],
    [
      "an interface and one that extends it",
      {
        "src/rpc/a.ts":
          "export interface A {\n  b: 1;\n  c: 2;\n  d: 3;\n  e: 4;\n  f: 5;\n  g: 6;\n}\nexport interface B extends A {\n  h: 7;\n}\n",
      },
    ],
    [
      "types of members that have one name in two files",
      {
        "src/rpc/a.ts":
          "export interface A {\n  b: 1;\n  c: D;\n  d: D;\n}\ninterface D {\n  e: 1;\n}\n",
        "src/cli/a.ts":
          "export interface A {\n  b: 1;\n  c: D;\n  d: D;\n}\ninterface D {\n  e: 2;\n}\n",
      },
    ],
  ])("are not %s", async (_what, breach) => {
    const { output } = await skeleton.check(breach, "duplicate-types");
    expect(output).toContain("green  duplicate-types");
  });
});

describe("the name of a file", () => {
  it.each<[what: string, breach: Breach, evidence: string]>([
    [
      "is not its main export's",
      { "src/routing/b.ts": "export interface D {}\nexport const createC = 1;\n" },
      "src/routing/b.ts is not named after what it exports: createC, D",
    ],
    [
      "says more than its main export",
      { "src/routing/route-plan.ts": "export class Route {}\n" },
      "src/routing/route-plan.ts is not named after what it exports: Route",
    ],
    [
      "has no word of several exports",
      { "src/routing/shares.ts": "export const part = 1;\nexport const whole = 2;\n" },
      "src/routing/shares.ts is not named after what it exports: part, whole",
    ],
    [
      "is an exception that nothing needs",
      { "tools/file-names.json": '{ "src/service.ts": "a reason" }\n' },
      "src/service.ts is no exception any more",
    ],
  ])("turns the check red if it %s", async (_what, breach, evidence) => {
    await expectRed("file-names", breach, evidence);
  });

  it("can be in the plural, without a verb, or a word of several exports", async () => {
    const { output } = await skeleton.check(
      {
        "src/routing/shares.ts": "export const SHARE = 1;\nexport const whole = 2;\n",
        "src/routing/route-plan.ts": "export function createRoutePlan(): void {}\n",
        "src/routing/http-status.ts": "export type HTTPStatus = number;\n",
      },
      "file-names",
    );
    expect(output).toContain("green  file-names");
  });
});
