import { spawn } from "node:child_process";
import { CLI } from "./run-steer.ts";
import { environmentOfRun } from "./test-run.ts";

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string>>;
  /** Called with everything that was written to the terminal so far. */
  readonly onOutput?: (screen: string, type: (keys: string) => void) => void;
}

const quoted = (argument: string): string => `'${argument.replaceAll("'", "'\\''")}'`;

/** The command line in a pseudo terminal, by `script` of util-linux. Both outputs are the terminal. */
export function runInTerminal(
  args: readonly string[],
  { columns, rows, env, onOutput }: TerminalOptions,
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const command = [process.execPath, CLI, ...args].map(quoted).join(" ");
  const sized = `stty cols ${columns} rows ${rows}; exec ${command}`;
  return new Promise((resolve, reject) => {
    const child = spawn("script", ["-qefc", sized, "/dev/null"], {
      env: { ...environmentOfRun(), TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    });
    let screen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      screen += text;
      onOutput?.(screen, (keys) => child.stdin.write(keys));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, screen }));
  });
}
