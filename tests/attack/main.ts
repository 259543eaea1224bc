// `npm run attack`: each attack upon a real gateway with the shipped defaults, and what another caller had of it.
import { parseArgs } from "node:util";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { ATTACKS } from "./all.ts";
import { type FuzzResult, fuzz } from "./fuzz/fuzz.ts";
import { type BareServer, startBareServer, startGateway } from "./processes.ts";
import { Attacks, type Outcome } from "./run-attack.ts";

const FUZZ = "fuzz";
const FUZZ_SECONDS = 60;

const HELP = `npm run attack -- [NAME…] [--short | --long] [--slowness N] [--json] [--seed N] [--seconds N] [--calls N]

Attacks a gateway with the shipped defaults from a process of their own, some seconds each
(--long: ten times as long; --short: a third, for CI, without \`fuzz\`), while another caller goes on and \`/livez\`
is asked. A short run judges times by what the gateway's own thread worked meanwhile, since the machine may have other
work. On a machine that is N times slower than a good one, --slowness N makes attacks and the bars of their times so
much longer. Without NAME all of them. The last is \`fuzz\`: calls of all methods over all protocols, whole and broken,
for --seconds (60), from --seed on (any). What it finds is printed with its seed, and
\`fuzz --seed N --calls 1\` sends that call again. Progress goes to standard error; then a table, or with --json
an object with the same rows, and the line "N passed, N failed". Exits with 1 if one failed.

${ATTACKS.map(({ name, cases, about }) => `  ${name.padEnd(14)} ${cases.join(" ").padEnd(8)} ${about}`).join("\n")}
  ${FUZZ.padEnd(14)}          any bytes to every method
`;

const HEAD = [
  "attack",
  "case",
  "sent",
  "ended",
  "/livez quiet",
  "/livez",
  "floor",
  "caller p99 quiet",
  "caller p99",
  "RSS",
  "verdict",
];

const ms = (value: number): string => `${value.toFixed(0)} ms`;

function endsText(ends: Readonly<Record<string, number>>): string {
  return Object.entries(ends)
    .map(([how, count]) => `${how} ${count}`)
    .join(", ");
}

function rowOf(outcome: Outcome): readonly string[] {
  const { attack, tally, figures, late, wrong } = outcome;
  const { costRatio } = figures;
  const cost = costRatio === undefined ? "" : `, cost of a call × ${costRatio.toFixed(2)}`;
  return [
    attack.name,
    attack.cases.join(" "),
    String(tally.sent),
    endsText(tally.ends),
    ms(figures.livezQuietMs),
    ms(figures.livezMs),
    ms(figures.floorMs),
    ms(figures.callQuietMs),
    ms(figures.callMs),
    `${figures.growthMiB >= 0 ? "+" : ""}${figures.growthMiB.toFixed(0)} MiB`,
    `${late.length + wrong.length === 0 ? "ok" : "FAILED"}${cost}`,
  ];
}

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    slowness: { type: "string" },
    seed: { type: "string" },
    seconds: { type: "string" },
    calls: { type: "string" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.short && values.long) fail("--short or --long");
const length = values.short ? "short" : values.long ? "long" : "usual";
const unknown = positionals.find(
  (name) => name !== FUZZ && !ATTACKS.some((attack) => attack.name === name),
);
if (unknown !== undefined) fail(`no attack ${unknown}`);
const chosen = ATTACKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const startedAt = performance.now();
const say = (line: string): void => {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  process.stderr.write(`${seconds.padStart(6)}  ${line}\n`);
};

function numberOf(name: "seed" | "seconds" | "calls" | "slowness", otherwise: number): number {
  const value = Number(values[name] ?? otherwise);
  return Number.isFinite(value) && value >= 0 ? value : fail(`--${name} takes a number`);
}

/** What was wrong, by the name of the attack; empty: nothing. */
const problems = new Map<string, readonly string[]>();
const outcomes: Outcome[] = [];
let fuzzed: FuzzResult | undefined;

async function runAttacks(bare: BareServer): Promise<void> {
  await using attacks = new Attacks(bare, length, numberOf("slowness", 1));
  for (const attack of chosen) {
    const reason = attack.skipped?.();
    if (reason !== undefined) {
      say(`skipped  ${attack.name}: ${reason}`);
      continue;
    }
    try {
      const outcome = await attacks.run(attack);
      outcomes.push(outcome);
      problems.set(attack.name, [...outcome.wrong, ...outcome.late]);
    } catch (error) {
      // The gateway does not answer at all, or the attacker has ended: the others are made all the same.
      problems.set(attack.name, [error instanceof Error ? error.message : String(error)]);
    }
    tell(attack.name);
  }
}

async function runFuzz(bare: BareServer): Promise<void> {
  const seed = numberOf("seed", Math.floor(Math.random() * 1e9));
  say(`fuzz from seed ${seed}`);
  await using gateway = await startGateway("callers", bare.target.http);
  const seconds = numberOf("seconds", FUZZ_SECONDS);
  const calls = numberOf("calls", Number.MAX_SAFE_INTEGER);
  fuzzed = await fuzz(gateway, { seed, seconds, calls });
  problems.set(FUZZ, fuzzed.problems);
  tell(FUZZ);
}

function tell(name: string): void {
  const wrong = problems.get(name) ?? [];
  say(`${wrong.length === 0 ? "ok      " : "FAILED  "} ${name} ${wrong.join("\n        ")}`);
}

function table(): string {
  const rows = [HEAD, HEAD.map(() => "---"), ...outcomes.map(rowOf)];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

const run = beginTestRun();
{
  await using bare = await startBareServer();
  if (chosen.length > 0) await runAttacks(bare);
  const isWhole = positionals.length === 0 && !values.short;
  if (isWhole || positionals.includes(FUZZ)) await runFuzz(bare);
}
const left = await run.end();
const failed = [...problems].filter(([, wrong]) => wrong.length > 0);
if (values.json) {
  const rows = outcomes.map(({ attack, ...rest }) => ({ name: attack.name, ...rest }));
  process.stdout.write(`${JSON.stringify({ rows, fuzz: fuzzed }, undefined, 2)}\n`);
} else {
  if (outcomes.length > 0) process.stdout.write(table());
  if (fuzzed !== undefined) {
    process.stdout.write(`fuzz: ${fuzzed.calls} calls, ${endsText(fuzzed.ends)}\n`);
  }
}
for (const [name, [first]] of failed) process.stdout.write(`FAILED  attack ${name}: ${first}\n`);
const count = failed.length + left.length;
process.stdout.write(leftLines(left));
process.stdout.write(`${problems.size - failed.length} passed, ${count} failed\n`);
process.exit(count === 0 ? 0 : 1);
