// A published server as a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "../interop/language.ts";
import { ROOT } from "../interop/run-command.ts";
import { endsWithParent } from "../support/ends-with-parent.ts";

export interface StartedServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

const START_MS = 180_000;
/** Most output that is kept for an error. */
const MAX_OUTPUT = 64 * 1024;
const LISTENS = /(?:listening|running) on (http:\/\/127\.0\.0\.1:\d+)/;

/** Resolves with the address that the server's output tells of. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${why}: ${output}`));
    };
    const timer = setTimeout(() => fail("the server does not listen"), START_MS);
    const read = (text: string): void => {
      if (output.length < MAX_OUTPUT) output += text;
      const url = LISTENS.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.setEncoding("utf8").on("data", read);
    child.stderr?.setEncoding("utf8").on("data", read);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`the server ended with ${code}`));
  });
}

/** Starts a server, and waits until its output says where it listens. */
export async function startServer({ command, args, cwd, env }: Command): Promise<StartedServer> {
  const child = spawn(...endsWithParent(command, args), {
    cwd: join(ROOT, cwd),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  try {
    const url = await listening(child);
    return { url, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
