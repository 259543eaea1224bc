import type { Client } from "./client.ts";

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
