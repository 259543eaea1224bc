// `npm run bench`: the costs of the gateway, each figure beside its floor from the same run. The measured process
// has one processor, load and upstream the other. Figures are CPU time of the measured process, because wall time
// is noise.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { needRedis } from "../tests/support/need-redis.ts";
import { accounting } from "./legs/accounting.ts";
import { activity } from "./legs/activity.ts";
import { against } from "./legs/against.ts";
import { callers } from "./legs/callers.ts";
import { cold } from "./legs/cold.ts";
import { commits } from "./legs/commits.ts";
import { connect } from "./legs/connect.ts";
import { doors } from "./legs/doors.ts";
import { engine } from "./legs/engine.ts";
import { estimators } from "./legs/estimators.ts";
import { faulted } from "./legs/faulted.ts";
import { growth } from "./legs/growth.ts";
import { held } from "./legs/held.ts";
import { hosted } from "./legs/hosted.ts";
import { hostile } from "./legs/hostile.ts";
import { interceptors } from "./legs/interceptors.ts";
import { json } from "./legs/json.ts";
import { latency } from "./legs/latency.ts";
import { ledger } from "./legs/ledger.ts";
import { limits } from "./legs/limits.ts";
import { live } from "./legs/live.ts";
import { memory } from "./legs/memory.ts";
import { paced } from "./legs/paced.ts";
import { peers } from "./legs/peers.ts";
import { rates } from "./legs/rates.ts";
import { requests } from "./legs/requests.ts";
import { resume } from "./legs/resume.ts";
import { sizes } from "./legs/sizes.ts";
import { stores } from "./legs/stores.ts";
import { stream } from "./legs/stream.ts";
import { unary } from "./legs/unary.ts";
import { workers } from "./legs/workers.ts";
import { RESULTS, writePerformancePage } from "./performance-page.ts";
import { LOAD_CPU, stayOn } from "./processes.ts";
import { judge, tableHead, tableLine } from "./report.ts";
import { describeMachine, type LegResult, loadNow, type Machine, writeResult } from "./results.ts";
import { type Leg, Scene } from "./scene.ts";

const LEGS: readonly Leg[] = [
  memory,
  unary,
  workers,
  cold,
  callers,
  stream,
  paced,
  connect,
  latency,
  sizes,
  growth,
  rates,
  requests,
  interceptors,
  activity,
  doors,
  engine,
  accounting,
  limits,
  json,
  estimators,
  hostile,
  faulted,
  commits,
  stores,
  hosted,
  resume,
  held,
  ledger,
  live,
  peers,
];

/** Shortest window whose figures are kept. */
const LEAST_WRITTEN_SECONDS = 30;

const USAGE = `usage: npm run bench [-- [--json] [--write] [--window SECONDS] [LEG ...]]
       npm run bench -- [--json] [--window SECONDS] --against FOLDER

Measures the gateway on one processor, load and upstream on the other, and prints
each figure beside its floor as a row of a table, or everything as JSON at the
end. Without a LEG all of them run that are not marked with *, for about three
quarters of an hour; the legs with stores need a redis-server.

--window SECONDS is the time in which a leg observes a steady state (default 60).
Most legs measure many times for a 24th of it. A short window is for trying a leg:
its figures are noise.

--write keeps each leg's rows and the machine in bench/results/LEG.json, and
writes the tables of docs/performance.md from all results there. It takes a
window of at least ${LEAST_WRITTEN_SECONDS} seconds.

--against FOLDER measures the gateway of another checkout (with its packages installed) in turn
with this one, and prints that gateway's figures as the floor.

${LEGS.map(({ name, about, isExtra }) => `  ${(isExtra === true ? `${name} *` : name).padEnd(14)}${about}`).join("\n")}
`;

interface Output {
  readonly json: boolean;
  readonly write: boolean;
}

async function measureLeg(leg: Leg, machine: Machine, windowSeconds: number): Promise<LegResult> {
  await using scene = new Scene(windowSeconds * 1_000);
  const loadBefore = loadNow();
  const rows = (await leg.run(scene)).map(judge);
  return { leg: leg.name, machine, windowSeconds, loadBefore, loadAfter: loadNow(), rows };
}

/** A leg that fails does not end the run: the figures of the others may have taken long. */
async function runLegs(legs: readonly Leg[], output: Output, windowSeconds: number): Promise<void> {
  stayOn(LOAD_CPU);
  const machine = describeMachine();
  const results: LegResult[] = [];
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  if (!output.json) {
    print(
      `node ${machine.node}, ${machine.cpu}, ${machine.speedFactor} times slower than the reference`,
    );
    print(tableHead);
  }
  for (const leg of legs) {
    process.stderr.write(`${leg.name}: ${leg.about}\n`);
    try {
      const result = await measureLeg(leg, machine, windowSeconds);
      results.push(result);
      if (!output.json) print(result.rows.map(tableLine).join("\n"));
      if (output.write) writeResult(RESULTS, result);
    } catch (error) {
      process.stderr.write(
        `${leg.name} has failed: ${error instanceof Error ? error.stack : error}\n`,
      );
      process.exitCode = 1;
    }
  }
  if (output.json) print(JSON.stringify({ results }, null, 2));
  else print(`\nload average at the end ${loadNow().join(" ")}`);
  if (output.write) writePerformancePage();
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}

function parse() {
  return parseArgs({
    options: {
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      against: { type: "string" },
      window: { type: "string", default: "60" },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
}

async function main({ values, positionals }: ReturnType<typeof parse>): Promise<void> {
  const seconds = Number(values.window);
  const unknown = positionals.filter((name) => !LEGS.some((leg) => leg.name === name));
  if (values.help === true) process.stdout.write(USAGE);
  else if (unknown.length > 0) refuse(`no leg ${unknown.join(", ")}\n\n${USAGE}`);
  else if (!(seconds > 0)) refuse("--window takes seconds, such as 300");
  else if (values.write && seconds < LEAST_WRITTEN_SECONDS) {
    refuse(
      `--write keeps figures, and those of a window below ${LEAST_WRITTEN_SECONDS} s are noise`,
    );
  } else if (values.write && values.against !== undefined) {
    refuse("--write keeps the figures of this checkout alone, and --against compares two");
  } else if (process.platform !== "linux") {
    refuse("the bench reads CPU time from /proc and needs Linux with taskset");
  } else if (values.against !== undefined) {
    await runLegs([against(resolve(values.against))], values, seconds);
  } else {
    const chosen = LEGS.filter(({ name, isExtra }) =>
      positionals.length === 0 ? isExtra !== true : positionals.includes(name),
    );
    const stored = chosen.filter(({ needsRedis }) => needsRedis).map(({ name }) => name);
    if (stored.length > 0) needRedis(`npm run bench (${stored.join(", ")})`);
    await runLegs(chosen, values, seconds);
  }
}

try {
  await main(parse());
} catch (error) {
  if (!(error instanceof TypeError && "code" in error)) throw error;
  refuse(`${error.message}\n\n${USAGE}`);
}
