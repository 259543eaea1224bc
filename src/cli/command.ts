import type { Client } from "./client.ts";

/** A mistake on the command line: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a command works with. */
export interface CommandContext {
  readonly client: Client;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One subcommand. */
export interface Command {
  readonly summary: string;
  readonly help: string;
  /** Throws `UsageError` or `CallFailed`. */
  run(args: readonly string[], context: CommandContext): Promise<void>;
}
