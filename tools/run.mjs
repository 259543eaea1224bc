import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const BIN = join(process.cwd(), "node_modules", ".bin");
// On Windows, npm's commands are scripts that need a shell.
const shell = process.platform === "win32";

/** PATH with the tools and the Node of node_modules, where buf also finds its plugins. */
const pathWith = (...folders) => [...folders, BIN, process.env.PATH].join(delimiter);

export const isOnPath = (command) =>
  pathWith()
    .split(delimiter)
    .some((folder) => existsSync(join(folder, command)));

/** Runs a tool to its end. Its output is shown only if it fails. */
export function run(command, args, { cwd = process.cwd(), env = {}, path = [] } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, PATH: pathWith(...path), ...env },
    shell,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`;
  return { ok: result.status === 0, output };
}

/** Throws with the output of the command. */
export function runOrThrow(command, args, options) {
  const { ok, output } = run(command, args, options);
  if (!ok) throw new Error(`${command} ${args.join(" ")}\n${output}`);
  return output;
}
