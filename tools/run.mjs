import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const BIN = join(process.cwd(), "node_modules", ".bin");
// npm's commands are scripts on Windows, which only a shell starts.
const shell = process.platform === "win32";

/** PATH with the tools and the Node of node_modules; buf finds its plugins by it too. */
export const pathWith = (...folders) => [...folders, BIN, process.env.PATH].join(delimiter);

/** Runs a tool to its end; what it prints is shown only if it fails. */
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
