// npm run simulate -- [seeds] [--from N]: runs seeds of streams, and a fifth as many of limits, and prints what happened
// in them. STEER_SEED=N runs one seed of both; STEER_HISTORY=FILE writes its history, one line an entry.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runLimitsSeeds } from "./limits/run-limits-seeds.ts";
import { runSeeds } from "./run-seeds.ts";

const DEFAULT_SEEDS = 5_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: "string", default: "1" } },
});
const one = process.env["STEER_SEED"];
const from = Number(one ?? values.from);
const seeds = one === undefined ? Number(positionals[0] ?? DEFAULT_SEEDS) : 1;
const file = process.env["STEER_HISTORY"];

const summary = await runSeeds(from, seeds, ({ history }) => {
  if (file === undefined || one === undefined) return;
  writeFileSync(file, `${history.map((entry) => JSON.stringify(entry)).join("\n")}\n`);
});
const limits = await runLimitsSeeds(from, Math.ceil(seeds / 5));
process.stdout.write(`${summary.text}\n${limits.text}\n`);
process.exitCode = summary.failed.length + limits.failed.length === 0 ? 0 : 1;
