import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Program of util-linux: the kernel kills its child when its parent dies. */
const SETPRIV = "setpriv";

const isHere = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, SETPRIV)));

/**
 * Wraps a command so that it ends with its parent process, also if the parent is killed and cannot clean up. The
 * process id is the command's own. Without Linux, the command is unchanged.
 */
export function endsWithParent(
  command: string,
  args: readonly string[],
): readonly [command: string, args: readonly string[]] {
  return isHere ? [SETPRIV, ["--pdeathsig", "KILL", command, ...args]] : [command, args];
}
