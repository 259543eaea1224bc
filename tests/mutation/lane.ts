import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { kill } from "./kill.ts";
import { type LaneOutcome, TestRunner } from "./test-runner.ts";

export interface Limits {
  /** Of each test and hook. */
  readonly testTimeoutMs: number;
  /** Of all test files together. */
  readonly totalMs: number;
}

/** Of the process that runs tests; what the tests leave lies beside it. */
const RUNNER_FOLDER = ".vitest/tmp";

/** A copy of the repository, in which one mutant at a time is tested. */
export class Lane {
  readonly folder: string;
  readonly #root: string;
  readonly #changed = new Set<string>();
  /** What was written since the last run. */
  readonly #stale = new Set<string>();
  readonly #runner: TestRunner;

  /** `files`: what is copied, from `root`; `folder` does not exist yet. */
  constructor(root: string, folder: string, files: readonly string[]) {
    this.#root = root;
    this.folder = folder;
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(folder, file));
    }
    for (const made of ["tmp", RUNNER_FOLDER]) mkdirSync(join(folder, made), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    this.#runner = new TestRunner(folder, join(folder, RUNNER_FOLDER));
  }

  write(file: string, text: string): void {
    this.#changed.add(file);
    this.#stale.add(file);
    writeFileSync(join(this.folder, file), text);
  }

  /** Takes back what was written. */
  restore(): void {
    for (const file of this.#changed) {
      copyFileSync(join(this.#root, file), join(this.folder, file));
      this.#stale.add(file);
    }
    this.#changed.clear();
  }

  /**
   * Runs test files in their order up to the first failure; afterwards none of their processes is left, but for
   * the one that runs tests.
   */
  async run(files: readonly string[], { testTimeoutMs, totalMs }: Limits): Promise<LaneOutcome> {
    const changed = [...this.#stale];
    this.#stale.clear();
    const outcome = await this.#runner.run({ files, testTimeoutMs, changed }, totalMs);
    this.#endStrays();
    rmSync(join(this.folder, "tmp"), { recursive: true, force: true });
    mkdirSync(join(this.folder, "tmp"));
    return outcome;
  }

  /** Ends what runs here and removes the copy. */
  remove(): void {
    this.#runner.end();
    this.#endStrays();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Processes of tests that left the group of the run: those whose working folder is the copy's. */
  #endStrays(): void {
    if (!existsSync("/proc/self/cwd")) return;
    const own = new Set(this.#runner.ids());
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry) || own.has(Number(entry))) continue;
      try {
        const cwd = readlinkSync(`/proc/${entry}/cwd`);
        if (cwd === this.folder || cwd.startsWith(`${this.folder}/`)) kill(Number(entry));
      } catch {
        // It has ended, or is another user's.
      }
    }
  }
}
