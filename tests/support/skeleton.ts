import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Files of the repository that the gates read. */
const COPIED = [
  "biome.json",
  "buf.gen.yaml",
  "buf.yaml",
  "knip.json",
  // The settings of vitest take V8's flag from there.
  "src/loading.js",
  "third_party",
  "tools",
  "tsconfig.json",
  "vitest.config.ts",
];

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

const PACKAGE = `${JSON.stringify({ type: "module", version }, undefined, 2)}\n`;

/** The smallest source tree with the repository's layout and every legal import. */
const SOURCES: Readonly<Record<string, string>> = {
  "proto/steer/v1/echo.proto": `// A contract of one message.
syntax = "proto3";

package steer.v1;

// What is said.
message Echo {
  // The words.
  string text = 1;
}
`,
  "clients/typescript/steer.ts": `import type { Echo } from "../../gen/es/steer/v1/echo_pb.js";

export function textOf(echo: Echo): string {
  return echo.text;
}
`,
  "clients/typescript/package.json": PACKAGE,
  "gen/es/package.json": PACKAGE,
  "console/tsconfig.json": `{ "extends": "../tsconfig.json", "include": ["src"] }\n`,
  "console/src/main.tsx": "export {};\n",
  "tools/long-functions.json": "[]\n",
  "tools/kept-garbage.json": "[]\n",
  "tools/duplicate-types.json": "{}\n",
  "tools/file-names.json": `{
  "clients/typescript/steer.ts": "the entry of the package has the product's name",
  "src/providers/*/provider.ts": "the folders of vendors have files of the same names",
  "src/providers/registry.ts": "it exports every type of provider"
}
`,
  "src/main.js": `import { prepareLoading } from "./loading.js";
import { runService } from "./service.ts";

prepareLoading();
runService();
`,
  "src/service.ts": `import { systemClock } from "./clock.ts";
import { loadConfig } from "./config/load-config.ts";
import { createGateway } from "./gateway/gateway.ts";
import * as types from "./providers/registry.ts";
import { encodeAnswer } from "./rpc/encode-answer.ts";

export function runService(): void {
  const gateway = createGateway(Object.values(types), systemClock);
  process.stdout.write(encodeAnswer(gateway({ text: loadConfig().text }), systemClock));
}
`,
  "src/config/load-config.ts": `import type { Spec } from "../domain/spec.ts";
import { readText } from "./read-text.ts";

export function loadConfig(): Spec {
  return { text: readText(process.env) };
}
`,
  "src/config/read-text.ts": `export function readText(env: Readonly<Record<string, string | undefined>>): string {
  return env["STEER_TEXT"] ?? "";
}
`,
  "src/clock.ts": `export interface Clock {
  now(): number;
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
};
`,
  "src/gateway/gateway.ts": `import type { Clock } from "../clock.ts";
import type { Spec } from "../domain/spec.ts";
import type { Provider } from "../providers/provider.ts";
import { route } from "../routing/route.ts";

export function createGateway(providers: readonly Provider[], clock: Clock) {
  return (spec: Spec): Spec => route(providers, spec, clock)?.(spec) ?? spec;
}
`,
  "src/domain/spec.ts": `export interface Spec {
  readonly text: string;
}
`,
  "src/routing/route.ts": `import type { Clock } from "../clock.ts";
import type { Spec } from "../domain/spec.ts";

export function route<T>(targets: readonly T[], spec: Spec, clock: Clock): T | undefined {
  return targets[Math.floor(clock.random() * targets.length) + spec.text.length];
}
`,
  "src/telemetry/stamp.ts": `import type { Clock } from "../clock.ts";

export function stamp(clock: Clock): string {
  return String(clock.now());
}
`,
  "src/calls/stamped.ts": `import type { Clock } from "../clock.ts";
import type { Spec } from "../domain/spec.ts";
import { stamp } from "../telemetry/stamp.ts";

export function stamped(spec: Spec, clock: Clock): string {
  return spec.text + stamp(clock);
}
`,
  "src/providers/provider.ts": `import type { Spec } from "../domain/spec.ts";

export type Provider = (spec: Spec) => Spec;
`,
  "src/providers/registry.ts": `export { createAlpha as alpha } from "./alpha/provider.ts";
export { createBeta as beta } from "./beta/provider.ts";
`,
  "src/providers/shared/dialect.ts": `import type { Spec } from "../../domain/spec.ts";
import type { Provider } from "../provider.ts";

export function dialect(prefix: string): Provider {
  return (spec: Spec) => ({ text: prefix + spec.text });
}
`,
  "src/providers/alpha/models.json": `{ "id": "alpha" }
`,
  "src/providers/alpha/provider.ts": `import type { Spec } from "../../domain/spec.ts";
import { dialect } from "../shared/dialect.ts";
import models from "./models.json" with { type: "json" };

export const createAlpha = (spec: Spec): Spec => dialect(models.id)(spec);
`,
  "src/providers/beta/provider.ts": `import { dialect } from "../shared/dialect.ts";

export const createBeta = dialect("beta");
`,
  "src/rpc/encode-answer.ts": `import { create, toJsonString } from "@bufbuild/protobuf";
import { EchoSchema } from "../../gen/service/steer/v1/echo_pb.ts";
import { stamped } from "../calls/stamped.ts";
import type { Clock } from "../clock.ts";
import type { Spec } from "../domain/spec.ts";

export function encodeAnswer(spec: Spec, clock: Clock): string {
  return toJsonString(EchoSchema, create(EchoSchema, { text: stamped(spec, clock) }));
}
`,
  "src/cli/steer.js": `await import("./command-line.ts");
`,
  "src/cli/command-line.ts": `import { create } from "@bufbuild/protobuf";
import { EchoSchema } from "../../gen/service/steer/v1/echo_pb.ts";
import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/load-config.ts";

const echo = create(EchoSchema, { text: loadConfig().text });
if (echo.text === "") await import("../main.js");
process.stdout.write(String(systemClock.now()));
`,
  "tests/support/global-setup.ts": `export function setup(): void {}
`,
  "tests/unit/routing/route.test.ts": `import { expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { route } from "../../../src/routing/route.ts";

it("finds no target where there is none", () => {
  expect(route([], { text: "" }, systemClock)).toBeUndefined();
});
`,
};

/** Dependencies that the skeleton uses. */
const USED = new Set([
  "@biomejs/biome",
  "@bufbuild/buf",
  "@bufbuild/protobuf",
  "@bufbuild/protoc-gen-es",
  "@bufbuild/protovalidate",
  "oxc-parser",
  "@types/node",
  "knip",
  "typescript",
  "vitest",
]);

/** Files to write, by path: as text, or as a change of the skeleton's text. */
export type Breach = Readonly<Record<string, string | ((text: string) => string)>>;

export const before = (line: string) => (text: string) => `${line}\n${text}`;
export const after = (lines: string) => (text: string) => `${text}\n${lines}\n`;

export interface Skeleton {
  /** Runs `npm run check`, or one of its gates, on a copy with a breach. */
  check(breach?: Breach, gate?: string): Promise<Outcome>;
  remove(): void;
}

interface Outcome {
  readonly status: number;
  /** Standard output, followed by standard error. */
  readonly output: string;
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

/** Runs a command in a folder, with the repository's Node and tools. */
function run(folder: string, command: string, args: readonly string[]): Promise<Outcome> {
  const PATH = `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env["PATH"]}`;
  const options = { cwd: folder, env: { ...process.env, PATH } };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
  });
}

function write(folder: string, files: Breach): void {
  for (const [name, change] of Object.entries(files)) {
    const file = join(folder, name);
    const text = typeof change === "string" ? change : change(readFileSync(file, "utf8"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** The repository's package.json, with the dependencies that the skeleton uses. */
function manifest(): string {
  const whole = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const used = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => USED.has(name)));
  const { dependencies, devDependencies } = whole;
  const kept = { dependencies: used(dependencies), devDependencies: used(devDependencies) };
  return `${JSON.stringify({ ...whole, ...kept }, undefined, 2)}\n`;
}

/** A small repository with the gates of the real one, and the files that its own scripts generate. */
export async function createSkeleton(): Promise<Skeleton> {
  const folder = mkdtempSync(join(tmpdir(), "steer-skeleton-"));
  const clean = join(folder, "clean");
  for (const name of COPIED) cpSync(join(ROOT, name), join(clean, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(clean, "node_modules"), "junction");
  write(clean, { ...SOURCES, "package.json": manifest() });
  for (const script of ["generate", "baseline"]) {
    const { status, output } = await run(clean, "npm", ["run", script]);
    if (status !== 0) throw new Error(`npm run ${script}: ${output}`);
  }
  let copies = 0;
  return {
    check(breach = {}, gate) {
      copies++;
      const copy = join(folder, String(copies));
      cpSync(clean, copy, { recursive: true, verbatimSymlinks: true });
      write(copy, breach);
      return gate === undefined
        ? run(copy, "npm", ["run", "check"])
        : run(copy, "node", ["tools/check.mjs", "--only", gate]);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
