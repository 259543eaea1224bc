// `npm run faults`: three gateways, a real redis-server, and everything that can break.
import { parseArgs } from "node:util";
import { needRedis } from "../support/need-redis.ts";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { figuresOf, isClean, textOf } from "./harness/report.ts";
import { runFaults } from "./harness/run.ts";
import type { Scale } from "./harness/scene.ts";
import { FAULTS, LANES, LONG_LANE } from "./kinds/all.ts";

const HELP = `npm run faults -- [LENGTH] [--only F1,F5] [--json]

Without LENGTH the short form: every fault once, within 30 s, without ${LONG_LANE.map(({ id }) => id)}.
With one (90s, 30m, 2h) the faults come again and again, with more streams each, until
it has passed.
Exits with 1 if a promise was broken.

${FAULTS.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))
  .map(({ id, title }) => `  ${id.padEnd(4)} ${title}`)
  .join("\n")}
`;

const SHORT: Scale = {
  name: "short",
  streams: 3,
  tokens: 30,
  paceMs: 20,
  longPauseMs: 3_000,
  shortPauseMs: 600,
  storm: 10,
};

const LONG: Scale = {
  name: "long",
  streams: 10,
  tokens: 120,
  paceMs: 20,
  longPauseMs: 12_000,
  shortPauseMs: 1_000,
  storm: 50,
};

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function lengthOf(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  return match === null
    ? fail(`no length: ${text}`)
    : Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const only = values.only?.split(",");
const unknown = only?.find((id) => !FAULTS.some((fault) => fault.id === id));
if (unknown !== undefined) fail(`no such fault: ${unknown}`);
const [length] = positionals;
const isShort = length === undefined && only === undefined;
const lanes = [...LANES, ...(isShort ? [] : [LONG_LANE])].map((lane) =>
  lane.filter(({ id }) => only?.includes(id) ?? true),
);

needRedis("npm run faults");

const run = beginTestRun();
const startedAt = performance.now();
const result = await runFaults({
  scale: length === undefined ? SHORT : LONG,
  lanes: lanes.filter((lane) => lane.length > 0),
  durationMs: length === undefined ? 0 : lengthOf(length),
  onProgress(line) {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stderr.write(`${seconds}\t${line}\n`);
  },
});
const left = await run.end();
process.stdout.write(
  values.json ? `${JSON.stringify(figuresOf(result), undefined, 2)}\n` : `${textOf(result)}\n`,
);
process.stderr.write(leftLines(left));
process.exit(isClean(result) && left.length === 0 ? 0 : 1);
