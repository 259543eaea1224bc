#!/usr/bin/env node
// The command line: `steer COMMAND`, over gRPC with the generated stubs.
import manifest from "../../package.json" with { type: "json" };
import { loadClientConfig } from "../config.ts";
import { CallFailed, createClient } from "./client.ts";
import { type Command, UsageError } from "./command.ts";
import { generate } from "./generate.ts";
import { health } from "./health.ts";
import { keygen } from "./keygen.ts";
import { models } from "./models.ts";
import { exitCodeOf, failureLines } from "./output.ts";
import { resume } from "./resume.ts";
import { status } from "./status.ts";
import { stream } from "./stream.ts";
import { streams } from "./streams.ts";

const serve: Command = {
  summary: "start the service",
  help: "usage: steer serve\n\nThe configuration is the file that STEER_CONFIG names and the environment.",
  async run() {
    await import("../main.ts");
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  serve,
  generate,
  stream,
  resume,
  streams,
  models,
  status,
  keygen,
  health,
};

const HELP = `usage: steer COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join("\n")}

\`steer help COMMAND\` says more. STEER_ADDRESS is the service's gRPC address (default
127.0.0.1:50051, with https:// for TLS), STEER_API_KEY the caller's key.
Exit status: 0, 2 for a wrong command line, else 10 and the gRPC code.
`;

async function runCommand(command: Command, args: readonly string[]): Promise<void> {
  const config = loadClientConfig();
  const client = createClient(config);
  const interrupt = new AbortController();
  if (command !== serve) process.once("SIGINT", () => interrupt.abort());
  const { stdout, stderr, stdin } = process;
  try {
    await command.run(args, { client, stdout, stderr, stdin, signal: interrupt.signal });
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(`steer: ${error.message}\n${command.help.split("\n", 1)[0]}\n`);
      process.exitCode = 2;
    } else if (error instanceof CallFailed) {
      stderr.write(`${failureLines(error, config.address).join("\n")}\n`);
      process.exitCode = exitCodeOf(error);
    } else throw error;
  } finally {
    client.close();
  }
}

async function main([name = "help", ...args]: readonly string[]): Promise<void> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const asked = args.includes("--help") || args.includes("-h");
  if (command !== undefined && !asked) return runCommand(command, args);
  if (command !== undefined) return void process.stdout.write(`${command.help}\n`);
  if (name === "--version" || name === "-V")
    return void process.stdout.write(`${manifest.version}\n`);
  if (name === "help" || name === "--help" || name === "-h") {
    const topic = COMMANDS[args[0] ?? ""];
    process.stdout.write(topic === undefined ? HELP : `${topic.help}\n`);
    return;
  }
  process.stderr.write(`steer: no command "${name}"\n${HELP}`);
  process.exitCode = 2;
}

await main(process.argv.slice(2));
