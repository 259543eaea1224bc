import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

/** Processor reserved for the measured process. */
export const SERVER_CPU = 1;
/** Processor of load, upstream and stores. */
export const LOAD_CPU = 0;

export type Environment = Readonly<Record<string, string>>;

/** A server process of the bench. */
export interface Server {
  readonly pid: number;
  /** Its first line of output, parsed. */
  readonly first: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** A process that answers gRPC calls. */
export interface Served {
  readonly server: Server;
  readonly address: string;
}

const START_TIMEOUT_MS = 120_000;

/** Starts `node ARGS` on one processor and waits for its first line of JSON. */
export async function startServer(
  cpu: number,
  args: readonly string[],
  env: Environment = {},
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

/** Starts any program on one processor, without waiting for its output. */
export function startProgram(
  cpu: number,
  command: readonly string[],
  env: Environment = {},
): Omit<Server, "first"> {
  const child = spawn("taskset", ["-c", String(cpu), ...command], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: "ignore",
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("taskset could not be started");
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid,
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** What a process or thread tells of itself; "": it has ended meanwhile. */
function told(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Folders of all threads of a process and of the processes that it has started, and so on. */
function threadsOf(pid: number): string[] {
  return [...ownThreadsOf(pid), ...childrenOf(pid).flatMap(threadsOf)];
}

function ownThreadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
}

/** Processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return ownThreadsOf(pid)
    .flatMap((thread) => told(`${thread}/children`).split(" ").filter(Boolean))
    .map(Number)
    .filter((pid) => existsSync(`/proc/${pid}/task`));
}

/** CPU time of a process tree with all its threads in microseconds, from the scheduler's nanoseconds. */
export function cpuMicros(pid: number): number {
  return threadsOf(pid).reduce((sum, thread) => {
    const [nanos] = told(`${thread}/schedstat`).split(" ");
    return sum + Number(nanos) / 1_000;
  }, 0);
}

/** Resident memory of a process tree in MiB. Memory that processes share counts for each of them. */
export function residentMiB(pid: number): number {
  const processes = new Set(threadsOf(pid).map((thread) => dirname(dirname(thread))));
  return [...processes].reduce((sum, one) => {
    const kib = /VmRSS:\s+(\d+)/.exec(told(`${one}/status`))?.[1] ?? 0;
    return sum + Number(kib) / 1024;
  }, 0);
}

/** Keeps this process, and by default its children, on one processor. */
export function stayOn(cpu: number): void {
  execFileSync("taskset", ["-a", "-p", "-c", String(cpu), String(process.pid)], {
    stdio: "ignore",
  });
}
