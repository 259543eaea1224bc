import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Of util-linux: whatever it starts is killed by the kernel when its parent dies. */
const SETPRIV = "setpriv";

const isHere = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, SETPRIV)));

/**
 * The command so that it ends with the process that starts it, also if that one is killed or runs out
 * of time and can end nothing itself. The process id is the command's own. Without Linux: the command.
 */
export function endsWithParent(
  command: string,
  args: readonly string[],
): readonly [command: string, args: readonly string[]] {
  return isHere ? [SETPRIV, ["--pdeathsig", "KILL", command, ...args]] : [command, args];
}
