// Processes, ports and files that a run of tests leaves behind. Each run marks the environment of its processes and
// has a temporary folder, so that other runs on the machine are not counted.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const MARK = "TEST_RUN";
/** Time in milliseconds for ended processes to disappear. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

/** Programs that tests start; vitest workers and compiler daemons are not included. */
const STARTED =
  /(?:^|\/)redis-(?:server|sentinel)\b|\/src\/(?:main|worker-main|cli\/steer)\.js|\/tests\/\S+\.ts/;

/** Node's compile cache of the sources, kept between runs, because tests start hundreds of processes and threads. */
const COMPILE_CACHE = join(import.meta.dirname, "../../.vitest/compile-cache");

/** For a process with a new environment: the path, the run's mark, and the compile cache. */
export function environmentOfRun(): Readonly<Record<string, string>> {
  const mark = process.env[MARK];
  return {
    PATH: process.env["PATH"] ?? "",
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...(mark !== undefined && { [MARK]: mark }),
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has just ended, or belongs to another user.
    return "";
  }
}

function linksOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => readlinkSync(join(folder, name)));
  } catch {
    return [];
  }
}

/** TCP ports on which a process listens. */
function portsOf(pid: string): readonly number[] {
  const sockets = new Set(linksOf(`/proc/${pid}/fd`));
  const lines = ["tcp", "tcp6"].flatMap((name) => textOf(`/proc/${pid}/net/${name}`).split("\n"));
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const isOwn = state === "0A" && sockets.has(`socket:[${inode}]`);
    return isOwn ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
}

function processesOf(mark: string): readonly string[] {
  // Processes can be listed only on Linux.
  const pids = process.platform === "linux" ? readdirSync("/proc") : [];
  return pids.flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    if (!textOf(`/proc/${pid}/environ`).split("\0").includes(`${MARK}=${mark}`)) return [];
    const command = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    if (!STARTED.test(command)) return [];
    const ports = portsOf(pid);
    return [`process ${pid} ${command}${ports.length === 0 ? "" : `, ports ${ports.join(", ")}`}`];
  });
}

const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith("steer-"))
    .map((name) => `file ${name}`);

/** A run; undefined if it is a part of another run. */
export interface TestRun {
  /** The remains after everything that ends has ended; empty: none. The files are deleted then. */
  end(patienceMs?: number): Promise<readonly string[]>;
}

/** Call before anything is started, so that all processes have the mark. */
export function beginTestRun(): TestRun {
  if (process.env[MARK] !== undefined) return { end: async () => [] };
  const before = process.env["TMPDIR"];
  const folder = mkdtempSync(join(tmpdir(), "steer-run-"));
  // The image's user must pass through this folder.
  chmodSync(folder, 0o711);
  // The folder's name is unique to the run.
  process.env[MARK] = folder;
  process.env["TMPDIR"] = folder;
  process.env["NODE_COMPILE_CACHE"] ??= COMPILE_CACHE;
  return {
    async end(patienceMs = PATIENCE_MS) {
      const look = (): readonly string[] => [...processesOf(folder), ...filesOf(folder)];
      let left = look();
      for (let waited = 0; left.length > 0 && waited < patienceMs; waited += LOOK_MS) {
        await delay(LOOK_MS);
        left = look();
      }
      delete process.env[MARK];
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(folder, { recursive: true, force: true });
      return left;
    },
  };
}

/** Lines for the end of a run's output. */
export const leftLines = (left: readonly string[]): string =>
  left.map((what) => `FAILED  left behind: ${what}\n`).join("");
