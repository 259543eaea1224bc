// `npm run test:interop [-- LANGUAGE…] [--scenario NAME] [--strict]`: the stubs and
// helpers of every language against real gateways, and what they did judged from outside.
import { parseArgs } from "node:util";
import { suiteOf } from "./language-suite.ts";
import { languages } from "./languages/all.ts";
import { details, type Row, table } from "./report.ts";
import { isOnPath } from "./run-command.ts";
import { prepare, type Suite } from "./suite.ts";
import { toolsSuite } from "./tools.ts";
import { startWorld } from "./world.ts";

const progress = (text: string): void => console.error(text);

async function timed(name: string, run: () => Promise<string>): Promise<string> {
  const started = performance.now();
  const failure = await run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  progress(`${failure === "" ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
  return failure;
}

async function runSuite(suite: Suite, scenario: string | undefined): Promise<Row> {
  const row = new Map<string, string>();
  row.set("prepare", await timed(`${suite.name} prepare`, () => prepare(suite)));
  if (row.get("prepare") !== "") return row;
  for (const [name, cell] of Object.entries(suite.cells)) {
    if (scenario !== undefined && name !== scenario) continue;
    const safely = () => cell().catch((error: Error) => error.stack ?? error.message);
    row.set(name, await timed(`${suite.name} ${name}`, safely));
  }
  return row;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scenario: { type: "string" }, strict: { type: "boolean", default: false } },
});

await using world = await startWorld();
const suites = [...languages.map((language) => suiteOf(language, world)), toolsSuite(world)];
const known = suites.map(({ name }) => name);
const cells = new Set(suites.flatMap((suite) => Object.keys(suite.cells)));
const isKnown = values.scenario === undefined || cells.has(values.scenario);
if (!isKnown || positionals.some((name) => !known.includes(name))) {
  console.error(
    `usage: npm run test:interop [-- ${known.join("|")} …] [--scenario NAME] [--strict]`,
  );
  console.error(`scenarios: ${[...cells].join(", ")}`);
  process.exitCode = 2;
} else {
  const asked = suites.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const rows = new Map<string, Row>();
  const leftOut: string[] = [];
  for (const suite of asked) {
    const missing = suite.needs.filter((command) => !isOnPath(command));
    if (missing.length === 0) rows.set(suite.name, await runSuite(suite, values.scenario));
    else leftOut.push(`left out: ${suite.name}, for want of ${missing.join(", ")}`);
  }
  const failures = [...rows.values()].flatMap((row) => [...row.values()]);
  const failed = failures.filter((failure) => failure !== "").length;
  const passed = failures.length - failed;
  console.log(`${table(rows)}\n\n${details(rows)}`);
  for (const line of leftOut) console.log(line);
  const counted = failed + (values.strict ? leftOut.length : 0);
  console.log(`${passed} passed, ${counted} failed`);
  process.exitCode = counted === 0 ? 0 : 1;
}
