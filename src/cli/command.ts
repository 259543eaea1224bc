import type { Client } from "./client.ts";
import { type FlagTable, flagLines } from "./flags.ts";

/** The environment of a command. */
export interface CommandContext {
  readonly client: Client;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** The terminal has no cursor that can be moved. */
  readonly isDumbTerminal: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One subcommand. */
export interface Command {
  readonly summary: string;
  /** Usage lines, one for each form. */
  readonly usage: readonly string[];
  /** Text for the help beside the flags. */
  readonly about: string;
  /** Flags by action; a command without actions has the key "". */
  readonly flags: Readonly<Record<string, FlagTable>>;
  /** Throws `UsageError` or `CallFailed`. */
  run(args: readonly string[], context: CommandContext): Promise<void>;
}

/** The output of `steer help COMMAND`. */
export function helpOf({ usage, about, flags }: Command): string {
  const lines = usage.map((line, index) => `${index === 0 ? "usage: " : "       "}${line}`);
  const options = Object.entries(flags).flatMap(([action, table]) => {
    const own = flagLines(table);
    return own.length === 0
      ? []
      : ["", action === "" ? "Options:" : `Options of ${action}:`, ...own];
  });
  return [...lines, ...(about === "" ? [] : ["", about]), ...options].join("\n");
}
