// `npm run bench`: the costs of the gateway, each figure beside its floor from the same run. The measured process
// has one processor, load and upstream the other. Figures are CPU time of the measured process, because wall time
// is noise.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { needRedis } from "../tests/support/need-redis.ts";
import { accounting } from "./legs/accounting.ts";
import { against } from "./legs/against.ts";
import { callers } from "./legs/callers.ts";
import { commits } from "./legs/commits.ts";
import { doors } from "./legs/doors.ts";
import { engine } from "./legs/engine.ts";
import { estimators } from "./legs/estimators.ts";
import { faulted } from "./legs/faulted.ts";
import { held } from "./legs/held.ts";
import { hostile } from "./legs/hostile.ts";
import { interceptors } from "./legs/interceptors.ts";
import { json } from "./legs/json.ts";
import { ledger } from "./legs/ledger.ts";
import { limits } from "./legs/limits.ts";
import { live } from "./legs/live.ts";
import { memory } from "./legs/memory.ts";
import { rates } from "./legs/rates.ts";
import { requests } from "./legs/requests.ts";
import { resume } from "./legs/resume.ts";
import { stores } from "./legs/stores.ts";
import { stream } from "./legs/stream.ts";
import { unary } from "./legs/unary.ts";
import { LOAD_CPU, stayOn } from "./processes.ts";
import { startReport } from "./report.ts";
import { type Leg, Scene } from "./scene.ts";

const LEGS: readonly Leg[] = [
  memory,
  unary,
  callers,
  stream,
  rates,
  requests,
  interceptors,
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
  resume,
  held,
  ledger,
  live,
];

const USAGE = `usage: npm run bench [-- [--json] [--window SECONDS] [LEG ...]]
       npm run bench -- [--json] --against FOLDER

Measures the gateway on one processor, load and upstream on the other, and prints
each figure beside its floor as a row of a table, or everything as JSON at the
end. Without a LEG all of them run, for about fifteen minutes; the legs with stores
need a redis-server.

--against FOLDER measures the gateway of another checkout (with its packages installed) in turn
with this one, and prints that gateway's figures as the floor.

${LEGS.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join("\n")}
`;

async function runLegs(legs: readonly Leg[], asJson: boolean, windowMs: number): Promise<void> {
  stayOn(LOAD_CPU);
  const report = startReport(asJson);
  for (const leg of legs) {
    process.stderr.write(`${leg.name}: ${leg.about}\n`);
    await using scene = new Scene(windowMs);
    report.add(leg.name, await leg.run(scene));
  }
  report.end();
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}

function parse() {
  return parseArgs({
    options: {
      json: { type: "boolean", default: false },
      against: { type: "string" },
      window: { type: "string", default: "60" },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
}

async function main({ values, positionals }: ReturnType<typeof parse>): Promise<void> {
  const unknown = positionals.filter((name) => !LEGS.some((leg) => leg.name === name));
  if (values.help === true) process.stdout.write(USAGE);
  else if (unknown.length > 0) refuse(`no leg ${unknown.join(", ")}\n\n${USAGE}`);
  else if (!(Number(values.window) > 0)) refuse("--window takes seconds, such as 300");
  else if (process.platform !== "linux") {
    refuse("the bench reads CPU time from /proc and needs Linux with taskset");
  } else if (values.against !== undefined) {
    await runLegs([against(resolve(values.against))], values.json, 0);
  } else {
    const chosen = LEGS.filter(
      ({ name }) => positionals.length === 0 || positionals.includes(name),
    );
    const stored = chosen.filter(({ needsRedis }) => needsRedis).map(({ name }) => name);
    if (stored.length > 0) needRedis(`npm run bench (${stored.join(", ")})`);
    await runLegs(chosen, values.json, Number(values.window) * 1_000);
  }
}

try {
  await main(parse());
} catch (error) {
  if (!(error instanceof TypeError && "code" in error)) throw error;
  refuse(`${error.message}\n\n${USAGE}`);
}
