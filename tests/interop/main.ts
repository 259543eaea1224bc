// `npm run test:interop [-- LANGUAGE…] [--scenario NAME] [--strict]`: the stubs and
// helpers of every language against real gateways, and what they did judged from outside.
import { parseArgs } from "node:util";
import { needRedis } from "../support/need-redis.ts";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { suiteOf } from "./language-suite.ts";
import { languages } from "./languages/all.ts";
import { otherLanguageSuite } from "./other-language.ts";
import { details, type Row, table } from "./report.ts";
import { isOnPath } from "./run-command.ts";
import { type Failure, type Lane, prepare, type Suite } from "./suite.ts";
import { toolsSuite } from "./tools.ts";
import { startWorld } from "./world.ts";

/** Suites that run at once, each track in a world of its own: they wait, download and compile by turns. */
const TRACKS = 2;
/** The beginning of a failure that stands on its line; the whole is printed at the end. */
const MAX_REASON = 200;

async function timed(name: string, run: () => Promise<Failure>): Promise<Failure> {
  const started = performance.now();
  const failure = await run().catch((error: Error) => error.stack ?? error.message);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const why = failure === "" ? "" : `: ${failure.split("\n", 2).join(",").slice(0, MAX_REASON)}`;
  console.error(`${failure === "" ? "ok    " : "FAILED"}  ${name} (${seconds} s)${why}`);
  return failure;
}

/** Begins to prepare the suites of a track, in their order. */
function prepareAll(suites: readonly Suite[]): ReadonlyMap<Suite, Promise<Failure>> {
  let last: Promise<unknown> = Promise.resolve();
  const all = new Map<Suite, Promise<Failure>>();
  for (const suite of suites) {
    const prepared = last.then(() => timed(`${suite.name} prepare`, () => prepare(suite)));
    last = prepared;
    all.set(suite, prepared);
  }
  return all;
}

async function runLane(
  suite: Suite,
  lane: Lane,
  scenario: string | undefined,
): Promise<readonly (readonly [string, Failure])[]> {
  const cells: [string, Failure][] = [];
  for (const [name, cell] of Object.entries(lane)) {
    if (scenario !== undefined && name !== scenario) continue;
    cells.push([name, await timed(`${suite.name} ${name}`, cell)]);
  }
  return cells;
}

async function runCells(suite: Suite, scenario: string | undefined): Promise<Row> {
  const run = (lane: Lane) => runLane(suite, lane, scenario);
  const cells = await run(suite.cells);
  const lanes = await Promise.all(suite.lanes.map(run));
  return new Map([...cells, ...lanes.flat()]);
}

const missingOf = ({ needs }: Suite): readonly string[] =>
  needs.filter((command) => !isOnPath(command));

async function runSuites(suites: readonly Suite[], scenario: string | undefined) {
  const rows = new Map<string, Row>();
  const preparing = prepareAll(suites);
  for (const suite of suites) {
    const failure = (await preparing.get(suite)) ?? "";
    const cells = failure === "" ? await runCells(suite, scenario) : [];
    rows.set(suite.name, new Map([["prepare", failure], ...cells]));
  }
  return rows;
}

/** Runs the suites of a track, but for those whose tools are not there. */
async function runTrack(track: number) {
  await using world = await startWorld();
  const all = [
    ...languages.map((language) => suiteOf(language, world)),
    toolsSuite(world),
    otherLanguageSuite(world),
  ];
  const suites = all.filter(
    ({ name }, index) =>
      index % TRACKS === track && (positionals.length === 0 || positionals.includes(name)),
  );
  const leftOut = suites.filter((suite) => missingOf(suite).length > 0);
  const ready = suites.filter((suite) => !leftOut.includes(suite));
  return { leftOut, rows: await runSuites(ready, values.scenario) };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scenario: { type: "string" }, strict: { type: "boolean", default: false } },
});

const known = [...languages.map(({ name }) => name), "tools", "other"];
if (positionals.some((name) => !known.includes(name))) {
  const names = known.join("|");
  console.error(`usage: npm run test:interop [-- ${names} …] [--scenario NAME] [--strict]`);
  process.exit(2);
}
needRedis("npm run test:interop");
const run = beginTestRun();

const tracks = await Promise.all(Array.from({ length: TRACKS }, (_, track) => runTrack(track)));
const leftOut = tracks.flatMap(({ leftOut }) => leftOut);
const byName = new Map(tracks.flatMap(({ rows }) => [...rows]));
const rows = new Map(
  known.flatMap((name) => {
    const row = byName.get(name);
    return row === undefined ? [] : [[name, row] as const];
  }),
);
const left = await run.end();
const failures = [...rows.values()].flatMap((row) => [...row.values()]);
const failed = failures.filter((failure) => failure !== "").length;
const passed = failures.length - failed;
console.log(`${table(rows)}\n\n${details(rows)}`);
for (const suite of leftOut) {
  console.log(`left out: ${suite.name}, for want of ${missingOf(suite).join(", ")}`);
}
process.stdout.write(leftLines(left));
const counted = failed + left.length + (values.strict ? leftOut.length : 0);
console.log(`${passed} passed, ${counted} failed`);
process.exitCode = counted === 0 ? 0 : 1;
