// `npm run test:doors`: the doors of a real gateway under clients that nobody here has written, as they are published.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../interop/language.ts";
import { ROOT, runCommand } from "../interop/run-command.ts";
import { startStack } from "../support/stack.ts";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { DEFAULT_TEXT, JSON_TEXT } from "../support/upstream.ts";

const HERE = "tests/doors";
const CACHE = ".cache/doors";
const MODELS = ["m-chat", "m-responses", "m-claude"];
const PREPARE_MS = 300_000;
const RUN_MS = 240_000;

/** What a client has made of one answer. */
interface Outcome {
  readonly client: string;
  readonly scenario: "text" | "stream" | "tool" | "json";
  readonly model: string;
  readonly text?: string;
  readonly tokens?: number;
  readonly calls?: readonly string[];
  readonly json?: unknown;
  readonly error?: string;
}

interface Clients {
  readonly name: string;
  readonly prepare: readonly Command[];
  readonly program: Command;
  /** Lines that the program must print. */
  readonly least: number;
}

function nodeClients(): Clients {
  const cwd = join(CACHE, "node");
  rmSync(join(ROOT, cwd, "main.mjs"), { force: true });
  mkdirSync(join(ROOT, cwd), { recursive: true });
  cpSync(join(ROOT, HERE, "node"), join(ROOT, cwd), { recursive: true });
  return {
    name: "node",
    prepare: [{ command: "npm", args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd }],
    program: { command: "node", args: ["main.mjs"], cwd },
    least: 103,
  };
}

function pythonClients(): Clients {
  const environment = join(CACHE, "python");
  const python = join(environment, "bin/python");
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  return {
    name: "python",
    prepare: [
      { command: "python3", args: ["-m", "venv", environment], cwd: "." },
      {
        command: python,
        args: [...install, "-r", `${HERE}/python/requirements.txt`],
        cwd: ".",
      },
    ],
    program: { command: python, args: [`${HERE}/python/main.py`], cwd: "." },
    least: 123,
  };
}

/** Why an outcome is wrong; "": the outcome is right. */
function problemOf({ scenario, text, tokens, calls, json, error }: Outcome): string {
  if (error !== undefined) return error;
  if (scenario === "json") {
    return JSON.stringify(json) === JSON_TEXT ? "" : `the object is ${JSON.stringify(json)}`;
  }
  if (text?.trim() !== DEFAULT_TEXT.trim()) return `the text is ${JSON.stringify(text)}`;
  if (scenario === "tool") {
    return calls?.join() === "weather" ? "" : `the calls are ${JSON.stringify(calls)}`;
  }
  // An agent does not say what it has used.
  return tokens === undefined || tokens > 0 ? "" : `${tokens} output tokens`;
}

async function prepared({ name, prepare }: Clients): Promise<void> {
  for (const command of prepare) {
    const { code, stderr } = await runCommand(command, {}, PREPARE_MS);
    if (code !== 0) throw new Error(`${name}: ${command.command} fails: ${stderr}`);
  }
}

/** Failures, and how many outcomes were right. */
async function run(clients: Clients, base: string) {
  const { program, least, name } = clients;
  await prepared(clients);
  const command = { ...program, args: [...program.args, base, ...MODELS] };
  const { stdout, stderr } = await runCommand(command, {}, RUN_MS);
  const outcomes = stdout
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Outcome] : []));
  const failures: string[] = [];
  for (const outcome of outcomes) {
    const problem = problemOf(outcome);
    const { client, scenario, model } = outcome;
    const line = `${name} ${client} ${scenario} ${model}`;
    if (problem === "") console.error(`ok      ${line}`);
    else failures.push(`FAILED  ${line}: ${problem}`);
  }
  if (outcomes.length < least) {
    failures.push(`FAILED  ${name}: ${outcomes.length} outcomes of ${least}: ${stderr}`);
  }
  return { failures, passed: outcomes.length - failures.length };
}

const testRun = beginTestRun();
const stack = await startStack();
const results = await Promise.all(
  [nodeClients(), pythonClients()].map((clients) => run(clients, stack.service.http)),
);
await stack[Symbol.asyncDispose]();
const left = await testRun.end();
for (const line of results.flatMap(({ failures }) => failures)) console.log(line);
process.stdout.write(leftLines(left));
const failed = results.reduce((sum, { failures }) => sum + failures.length, 0) + left.length;
const passed = results.reduce((sum, each) => sum + each.passed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
