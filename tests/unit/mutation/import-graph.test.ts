import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ImportGraph } from "../../mutation/import-graph.ts";

const SOURCES = new Set(["src/usage/cost.ts"]);

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "steer-imports-"));
});

afterEach(() => rmSync(root, { recursive: true }));

function canReach(files: Readonly<Record<string, string>>): boolean {
  for (const [file, text] of Object.entries({ "src/usage/cost.ts": "", ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return new ImportGraph(root).canReach("tests/a.test.ts", SOURCES);
}

test.each([
  ["an import", 'import { a } from "../src/usage/cost.ts";'],
  ["an import of nothing", 'import "../src/usage/cost.ts";'],
  ["an import when it is needed", 'const a = await import("../src/usage/cost.ts");'],
  ["an export", 'export { a } from "../src/usage/cost.ts";'],
  ["an export of all", 'export * from "../src/usage/cost.ts";'],
  ["another file", 'import { a } from "./b.ts";'],
  ["a process", 'import { spawn } from "node:child_process";'],
  ["a thread", 'import { Worker } from "node:worker_threads";'],
])("a source is reached by %s", (_name, text) => {
  const between = 'import "./a.test.ts";\nimport { a } from "../src/usage/cost.ts";';
  expect(canReach({ "tests/a.test.ts": text, "tests/b.ts": between })).toBe(true);
});

test.each([
  ["types", 'import type { A } from "../src/usage/cost.ts";\nimport { type B } from "./b.ts";'],
  ["another file", 'import { a } from "./c.ts";'],
  ["data", 'import data from "./data.json";'],
  ["a package", 'import { join } from "node:path";\nimport x from "src/usage/cost.ts";'],
])("a source is not reached by %s", (_name, text) => {
  const files = {
    "tests/b.ts": 'import "../src/usage/cost.ts";',
    "tests/c.ts": "",
    "tests/data.json": "{}",
  };
  expect(canReach({ "tests/a.test.ts": text, ...files })).toBe(false);
});
