// A host of stores in another process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endsWithParent } from "./ends-with-parent.ts";

const MAIN = join(import.meta.dirname, "store-host-main.ts");

export interface StoreHostProcess extends AsyncDisposable {
  /** Of its socket. */
  readonly path: string;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** kill -9. */
  kill(): Promise<void>;
}

/** `folder`: where its socket is made; default: a folder of its own. */
export async function startStoreHost({
  folder,
}: {
  readonly folder?: string;
} = {}): Promise<StoreHostProcess> {
  const own = folder === undefined ? mkdtempSync(join(tmpdir(), "steer-host-")) : undefined;
  const [command, args] = endsWithParent(process.execPath, [MAIN, folder ?? own ?? ""]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [path] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    await exited;
  }
  return {
    path,
    signal: (name) => void child.kill(name),
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}
