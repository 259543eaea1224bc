// Programs of published clients, in the languages that have them.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../interop/language.ts";
import { ROOT, runCommand } from "../interop/run-command.ts";
import { type Outcome, problemOf } from "./outcome.ts";

const HERE = "tests/doors";
const CACHE = ".cache/doors";
const PREPARE_MS = 300_000;
const RUN_MS = 240_000;

/** What a program is asked with: the address of a gateway, and models as the programs take them. */
export interface Asked {
  readonly base: string;
  readonly models: readonly string[];
  /** Lines that a program must print, by its name. */
  readonly least: Readonly<Record<ProgramName, number>>;
}

type ProgramName = "node" | "python";

export interface Program {
  readonly name: ProgramName;
  readonly prepare: readonly Command[];
  readonly command: Command;
}

export interface Verdict {
  readonly passed: number;
  readonly failures: readonly string[];
}

/** An empty copy of a folder of these tests, with what a run before has installed. */
function copied(name: string): string {
  const cwd = join(CACHE, name);
  mkdirSync(join(ROOT, cwd), { recursive: true });
  for (const file of ["main.mjs", "package.json", "package-lock.json"]) {
    rmSync(join(ROOT, cwd, file), { force: true });
  }
  cpSync(join(ROOT, HERE, name), join(ROOT, cwd), { recursive: true });
  return cwd;
}

/** Installs the packages of a folder of these tests; gives the folder where they are. */
export function npmPackages(name: string): { readonly cwd: string; readonly command: Command } {
  const cwd = copied(name);
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  return { cwd, command: { command: "npm", args, cwd } };
}

/** Installs the packages of a folder of these tests; gives the folder of the environment. */
export function pipPackages(name: string): {
  readonly environment: string;
  readonly commands: readonly Command[];
} {
  const environment = join(CACHE, name);
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
  const args = [...install, `${HERE}/${name}/requirements.txt`];
  const commands = [
    { command: "python3", args: ["-m", "venv", environment], cwd: "." },
    { command: join(environment, "bin/python"), args, cwd: "." },
  ];
  return { environment, commands };
}

export function nodeProgram(): Program {
  const { cwd, command } = npmPackages("node");
  return {
    name: "node",
    prepare: [command],
    command: { command: "node", args: ["main.mjs"], cwd },
  };
}

export function pythonProgram(): Program {
  const { environment, commands } = pipPackages("python");
  const command = join(environment, "bin/python");
  return {
    name: "python",
    prepare: commands,
    command: {
      command,
      args: [`${HERE}/python/main.py`],
      cwd: ".",
      env: { LITELLM_LOCAL_MODEL_COST_MAP: "True" },
    },
  };
}

/** Runs the commands one after the other. Rejects with the errors of one that fails. */
export async function prepared(name: string, commands: readonly Command[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await runCommand(command, {}, PREPARE_MS);
    if (code !== 0) throw new Error(`${name}: ${command.command} fails: ${stderr}`);
  }
}

/** Asks the models of a gateway with all clients of a program. */
export async function run({ name, command }: Program, asked: Asked): Promise<Verdict> {
  const args = [...command.args, asked.base, ...asked.models];
  const { stdout, stderr } = await runCommand({ ...command, args }, {}, RUN_MS);
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
  const passed = outcomes.length - failures.length;
  const least = asked.least[name];
  if (outcomes.length < least) {
    failures.push(`FAILED  ${name}: ${outcomes.length} outcomes of ${least}: ${stderr}`);
  }
  return { failures, passed };
}
