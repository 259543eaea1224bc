import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endsWithParent } from "../support/ends-with-parent.ts";
import { kill } from "./kill.ts";
import type { TestOutcome, TestRun } from "./test-run.ts";

export type LaneOutcome = TestOutcome | { readonly passed: false; readonly by: "the time limit" };

const PROGRAM = join(import.meta.dirname, "run-tests.ts");

/** What an outer Vitest or a debugger says to its own children. */
const FOREIGN = /^(?:VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$|STEER_)/;

/** The process that runs tests in a copy of the repository. It starts with the first run, and anew after one that ended it. */
export class TestRunner {
  readonly #folder: string;
  readonly #temporary: string;
  #child: ChildProcess | undefined;

  /** `temporary`: a folder for the files of the process itself. */
  constructor(folder: string, temporary: string) {
    this.#folder = folder;
    this.#temporary = temporary;
  }

  async run(run: TestRun, totalMs: number): Promise<LaneOutcome> {
    const child = await this.#connected();
    child.send(run);
    const ended = new AbortController();
    const { signal } = ended;
    const outcome = await Promise.race<LaneOutcome | undefined>([
      once(child, "message", { signal }).then(([message]) => message as TestOutcome),
      once(child, "exit", { signal }).then(() => ({ passed: false, by: "" })),
      delay(totalMs, undefined, { signal }),
    ]);
    ended.abort();
    if (outcome === undefined) this.end();
    return outcome ?? { passed: false, by: "the time limit" };
  }

  /** The process and its own children, of which one may still be on its way to its end. */
  ids(): readonly number[] {
    const id = this.#child?.pid;
    if (id === undefined) return [];
    try {
      const children = readFileSync(`/proc/${id}/task/${id}/children`, "utf8");
      return [id, ...children.split(" ").map(Number)];
    } catch {
      return [id];
    }
  }

  /** Ends the process with all of its group. */
  end(): void {
    const id = this.#child?.pid;
    if (id !== undefined) kill(-id);
    this.#child = undefined;
  }

  /** The time that the process needs for its start is no time of the tests. */
  async #connected(): Promise<ChildProcess> {
    if (this.#child?.connected === true) return this.#child;
    this.end();
    const child = this.#start();
    this.#child = child;
    await once(child, "message");
    return child;
  }

  #start(): ChildProcess {
    const [command, args] = endsWithParent(process.execPath, [PROGRAM]);
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)),
    );
    return spawn(command, args, {
      cwd: this.#folder,
      env: { ...env, TMPDIR: this.#temporary },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      detached: true,
    });
  }
}
