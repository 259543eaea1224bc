import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { eventually } from "../../support/stack.ts";

const PARENT = `
  import { spawn } from "node:child_process";
  import { endsWithParent } from ${JSON.stringify(
    new URL("../../support/ends-with-parent.ts", import.meta.url).href,
  )};
  const child = spawn(...endsWithParent("sleep", ["600"]), { stdio: "ignore", detached: true });
  console.log(child.pid);
  setInterval(() => {}, 1_000);
`;

/** Neither gone nor waiting to be collected. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

it.runIf(process.platform === "linux")(
  "a child does not outlive a parent that is killed",
  async () => {
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", PARENT]);
    const lines = createInterface({ input: parent.stdout });
    const pid = Number(await new Promise<string>((resolve) => lines.once("line", resolve)));
    // Until it is `sleep`, the process has not yet asked for its end: see `setpriv`.
    await eventually(() => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n");
    expect(runs(pid)).toBe(true);
    parent.kill("SIGKILL");
    await eventually(() => !runs(pid));
  },
);
