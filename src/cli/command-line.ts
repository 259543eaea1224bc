// The commands of `steer`, over gRPC with the generated stubs.
import { constants } from "node:os";
import { loadClientConfig } from "../config/load-client-config.ts";
import { VERSION } from "../version.ts";
import { CallFailed, createClient } from "./client.ts";
import { type Command, type CommandContext, helpOf } from "./command.ts";
import { COMMANDS, serve } from "./commands.ts";
import { readClientTls, splitConnectionOptions } from "./connection-options.ts";
import { connectionTrouble } from "./connection-trouble.ts";
import { CONNECTION_FLAGS, flagLines } from "./flags.ts";
import { exitCodeOf, failureLines, isUnanswered } from "./result-lines.ts";
import { UsageError } from "./usage-error.ts";

const HELP = `usage: steer COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join("\n")}

\`steer help COMMAND\` says more. STEER_ADDRESS is the service's gRPC address (default
127.0.0.1:50051): host:port or http://host:port in the clear, https://host:port by TLS.
STEER_API_KEY is the caller's key. Each command takes
${flagLines(CONNECTION_FLAGS).join("\n")}
Exit status: 0, 2 for a wrong command line, else 10 and the gRPC code.
`;

/** 128 and the number of the signal. */
const SIGPIPE_EXIT = 128 + constants.signals.SIGPIPE;

/** Ends the process like SIGPIPE, without a message, when the reader of the output is gone. */
function watchOutput({ stdout, stderr }: Pick<CommandContext, "stdout" | "stderr">): void {
  stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(SIGPIPE_EXIT);
    stderr.write(`steer: standard output cannot be written: ${code ?? message}\n`, () =>
      process.exit(1),
    );
  });
  // Unread error output is no reason to end.
  stderr.on("error", () => {});
}

function usageFailure({ message }: UsageError, command: Command): void {
  process.stderr.write(`steer: ${message}\n${helpOf(command).split("\n", 1)[0]}\n`);
  process.exitCode = 2;
}

async function runCommand(command: Command, args: readonly string[]): Promise<void> {
  const { stdout, stderr, stdin } = process;
  const { address, apiKey, isDumbTerminal } = loadClientConfig();
  const { files, rest } = splitConnectionOptions(args);
  const tls = readClientTls(files, address);
  const warn = (message: string) => void stderr.write(`steer: ${message}\n`);
  const client = createClient({ address, apiKey, tls, warn });
  const interrupt = new AbortController();
  if (command !== serve) process.once("SIGINT", () => interrupt.abort());
  try {
    const { signal } = interrupt;
    await command.run(rest, { client, stdout, stderr, stdin, isDumbTerminal, signal });
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const trouble = isUnanswered(error) ? await connectionTrouble(address, tls) : undefined;
    stderr.write(`${failureLines(error, trouble).join("\n")}\n`);
    process.exitCode = exitCodeOf(error);
  } finally {
    client.close();
  }
}

function commandOf(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

/** Runs the command that the words say. */
export async function runCommandLine([name = "help", ...args]: readonly string[]): Promise<void> {
  const command = commandOf(name);
  const asked = args.includes("--help") || args.includes("-h");
  // The service handles its own output.
  if (command !== serve || asked) {
    // Deprecations in libraries do not concern users of the command line.
    process.noDeprecation = true;
    watchOutput(process);
  }
  if (command !== undefined && !asked) {
    return runCommand(command, args).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      usageFailure(error, command);
    });
  }
  if (command !== undefined) return void process.stdout.write(`${helpOf(command)}\n`);
  if (name === "--version" || name === "-V") return void process.stdout.write(`${VERSION}\n`);
  if (name === "help" || name === "--help" || name === "-h") {
    const topic = commandOf(args[0] ?? "");
    process.stdout.write(topic === undefined ? HELP : `${helpOf(topic)}\n`);
    return;
  }
  process.stderr.write(`steer: no command "${name}"\n${HELP}`);
  process.exitCode = 2;
}
