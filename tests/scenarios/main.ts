// `npm run scenarios`: the tests of the project "scenarios", and a table of what they measured.
import { parseArgs } from "node:util";
import { startVitest, type TestModule } from "vitest/node";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import type { Figures } from "./figures.ts";

const HELP = `npm run scenarios -- [NAME…] [--json]

Gateways as processes with the shipped defaults, before providers that fail. NAME
chooses files of tests/scenarios: herd, hints … Progress goes to standard error;
then a table, or with --json an object with the same rows, and the line
"N passed, N failed". Exits with 1 if a test failed.
`;

function rowOf(figures: Figures): readonly string[] {
  const { scene, calls, failed, upstreamRequests, amplification, p50Ms, p99Ms } = figures;
  return [
    scene,
    String(calls),
    String(failed),
    String(upstreamRequests),
    amplification.toFixed(2),
    `${p50Ms.toFixed(0)} ms`,
    `${p99Ms.toFixed(0)} ms`,
  ];
}

const HEAD = ["scene", "calls", "failed", "upstream requests", "a call", "p50", "p99"];

function tableOf(figures: readonly Figures[]): string {
  const rows = [HEAD, HEAD.map(() => "---"), ...figures.map(rowOf)];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Tests that never ran, and files that cannot be loaded, have failed. */
function tallyOf(modules: readonly TestModule[]): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const unloaded = modules.filter((module) => module.errors().length > 0).length;
  return { passed, failed: tests.length - passed + unloaded };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const run = beginTestRun();
const filters = positionals.map((name) => `tests/scenarios/${name}`);
const vitest = await startVitest(
  filters,
  { project: ["scenarios"], watch: false },
  {},
  { stdout: process.stderr },
);
const modules = vitest.state.getTestModules();
await vitest.close();
const left = await run.end();
const rows = modules
  .flatMap((module) => [...module.children.allTests()])
  .flatMap((test) => test.meta().figures ?? []);
const tally = tallyOf(modules);
const { passed } = tally;
const failed = tally.failed + left.length;
process.stdout.write(
  values.json ? `${JSON.stringify({ passed, failed, rows }, undefined, 2)}\n` : tableOf(rows),
);
for (const module of modules) {
  for (const test of module.children.allTests("failed")) {
    process.stderr.write(`FAILED  ${module.relativeModuleId} ${test.fullName}\n`);
  }
}
process.stdout.write(`${leftLines(left)}${passed} passed, ${failed} failed\n`);
process.exit(passed > 0 && failed === 0 ? 0 : 1);
