import { environmentWith } from "../config/load-config.ts";
import { parseArguments } from "./arguments.ts";
import type { Command, CommandContext } from "./command.ts";
import { JSON_FLAG } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

interface Asked {
  readonly environment: ReturnType<typeof environmentWith>;
  readonly name: string;
  readonly json: boolean;
}

/** Notes about a configuration. Undefined: the configuration is refused, and the reason has been printed. */
async function findingsOf({ environment }: Asked, { stderr }: CommandContext) {
  // Loading the whole service takes longer than any other command.
  const { checkConfig } = await import("../deployment/check-config.ts");
  const findings = await checkConfig(environment);
  if (findings.state === "usable") return findings.warnings;
  stderr.write(`steer: ${findings.problem}\n`);
  process.exitCode = 1;
  return undefined;
}

async function check(asked: Asked, context: CommandContext): Promise<void> {
  const warnings = await findingsOf(asked, context);
  if (warnings === undefined) return;
  for (const warning of warnings) context.stdout.write(`note: ${warning}\n`);
  context.stdout.write(`${asked.name}: the service starts with this configuration\n`);
}

function text(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function show(asked: Asked, context: CommandContext): Promise<void> {
  if ((await findingsOf(asked, context)) === undefined) return;
  const { environment, json } = asked;
  const { stdout } = context;
  const { effectiveValues } = await import("../config/effective-values.ts");
  const values = effectiveValues(environment);
  if (json) return void stdout.write(`${JSON.stringify(values)}\n`);
  const lines = values.map(({ key, value, origin }) => ({
    line: `${key}: ${text(value)}`,
    origin,
  }));
  const width = Math.min(Math.max(...lines.map(({ line }) => line.length)), 48);
  for (const { line, origin } of lines) stdout.write(`${line.padEnd(width)}  # ${origin}\n`);
}

export const config: Command = {
  summary: "check a configuration, or show its effective values",
  usage: ["steer config check [FILE]", "steer config show [FILE] [--json]"],
  about: `FILE replaces the file that STEER_CONFIG names; the environment overrides it, as at a
start. \`check\` prints the first mistake with its line and exits with 1, or prints notes.
\`show\` prints every effective value with its source: FILE:LINE, a variable, or the
default. Secrets are masked.`,
  flags: { check: {}, show: JSON_FLAG },
  async run(args, context) {
    const { values, positionals } = parseArguments(args, JSON_FLAG);
    const [action, file, more] = positionals;
    if (action !== "check" && action !== "show") {
      throw new UsageError("config takes check or show");
    }
    if (more !== undefined) throw new UsageError("one FILE at a time");
    if (action === "check" && values.json) throw new UsageError("check takes no --json");
    const environment = environmentWith(file);
    const name = environment["STEER_CONFIG"] || "the environment";
    const asked = { environment, name, json: values.json };
    await (action === "check" ? check(asked, context) : show(asked, context));
  },
};
