import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A server under measurement or beside it. */
export interface Server {
  readonly pid: number;
  /** What it printed as its first line, parsed. */
  readonly first: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** Starts `node ARGS` on one processor and waits for its first line of JSON. */
export async function startServer(
  cpu: number,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child: ChildProcess = spawn("taskset", ["-c", String(cpu), process.execPath, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { stdout, pid } = child;
  if (stdout === null || pid === undefined) throw new Error("taskset could not be started");
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: stdout });
  const first = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${args[0]} did not start`)), START_TIMEOUT_MS);
    lines.once("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
    child.once("exit", (code) => reject(new Error(`${args[0]} ended with ${code}`)));
  });
  lines.on("line", () => {});
  return {
    pid,
    first,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Clock ticks of /proc are 10 ms on Linux. */
const TICK_MICROS = 10_000;

/** CPU time of a process in microseconds, user and system. */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
