import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { endsWithParent } from "../support/ends-with-parent.ts";
import type { TestOutcome, TestRun } from "./test-run.ts";

export type LaneOutcome = TestOutcome | { readonly passed: false; readonly by: "the time limit" };

export interface Limits {
  /** Of each test and hook. */
  readonly testTimeoutMs: number;
  /** Of all test files together. */
  readonly totalMs: number;
}

const RUNNER = join(import.meta.dirname, "run-tests.ts");
const OUTCOME = ".vitest/outcome.json";

/** What an outer Vitest or a debugger says to its own children. */
const FOREIGN = /^(?:VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$|STEER_)/;

/** A copy of the repository, in which one mutant at a time is tested. */
export class Lane {
  readonly folder: string;
  readonly #root: string;
  readonly #changed = new Set<string>();
  #end: (() => void) | undefined;

  /** `files`: what is copied, from `root`; `folder` does not exist yet. */
  constructor(root: string, folder: string, files: readonly string[]) {
    this.#root = root;
    this.folder = folder;
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(folder, file));
    }
    for (const made of ["tmp", ".vitest"]) mkdirSync(join(folder, made), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  }

  write(file: string, text: string): void {
    this.#changed.add(file);
    writeFileSync(join(this.folder, file), text);
  }

  /** Takes back what was written. */
  restore(): void {
    for (const file of this.#changed) {
      copyFileSync(join(this.#root, file), join(this.folder, file));
    }
    this.#changed.clear();
  }

  /** Runs test files in their order up to the first failure; afterwards none of their processes is left. */
  async run(files: readonly string[], limits: Limits): Promise<LaneOutcome> {
    const outcomeFile = join(this.folder, OUTCOME);
    rmSync(outcomeFile, { force: true });
    const run: TestRun = { files, testTimeoutMs: limits.testTimeoutMs, outcomeFile };
    const isInTime = await this.#spawn(JSON.stringify(run), limits.totalMs);
    this.#endStrays();
    rmSync(join(this.folder, "tmp"), { recursive: true, force: true });
    mkdirSync(join(this.folder, "tmp"));
    if (existsSync(outcomeFile)) {
      return JSON.parse(readFileSync(outcomeFile, "utf8")) as TestOutcome;
    }
    return { passed: false, by: isInTime ? "" : "the time limit" };
  }

  /** Ends what runs here and removes the copy. */
  remove(): void {
    this.#end?.();
    this.#endStrays();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #spawn(run: string, totalMs: number): Promise<boolean> {
    const [command, args] = endsWithParent(process.execPath, [RUNNER, run]);
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)),
    );
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...env, TMPDIR: join(this.folder, "tmp") },
      stdio: "ignore",
      detached: true,
    });
    const end = (): void => {
      if (child.pid !== undefined) kill(-child.pid);
    };
    this.#end = end;
    return new Promise((resolve) => {
      let isInTime = true;
      const timer = setTimeout(() => {
        isInTime = false;
        end();
      }, totalMs);
      child.once("close", () => {
        clearTimeout(timer);
        end();
        this.#end = undefined;
        resolve(isInTime);
      });
    });
  }

  /** Processes of tests that left the group of the run: those whose working folder is the copy's. */
  #endStrays(): void {
    if (!existsSync("/proc/self/cwd")) return;
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const cwd = readlinkSync(`/proc/${entry}/cwd`);
        if (cwd === this.folder || cwd.startsWith(`${this.folder}/`)) kill(Number(entry));
      } catch {
        // It has ended, or is another user's.
      }
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
