// A service with workers: a primary and the processes that it starts.
import { readdirSync, readFileSync } from "node:fs";
import { type ServiceOptions, type ServiceProcess, startService } from "./service.ts";
import { eventually } from "./stack.ts";

export interface Workers extends ServiceProcess, AsyncDisposable {
  /** The process of each worker now, by position. */
  readonly pids: () => readonly number[];
  /** The replica name of each worker now, by position. */
  readonly replicas: () => readonly string[];
  /** The lines of an event so far. */
  readonly lines: (event: string) => readonly Record<string, unknown>[];
  /** Kills a worker, and resolves when its replacement serves. */
  replace(worker: number): Promise<void>;
}

/** Whether a process is there, and has not just ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes that a process has started. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, can contain anything.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Resolves when all workers serve. `config` follows the line of their number. */
export async function startWorkers(count: number, options: ServiceOptions = {}): Promise<Workers> {
  const config = `workers: ${count} # because: the test is about several\n${options.config ?? ""}`;
  const service = await startService({ ...options, config });
  const lines = (event: string) => service.log.filter((line) => line["event"] === event);
  await eventually(() => lines("worker ready").length === count);
  // Workers become ready in any order.
  const named = (field: string): unknown[] =>
    Array.from(
      { length: count },
      (_, worker) => lines("worker ready").findLast((line) => line["worker"] === worker)?.[field],
    );
  const pids = (): number[] => named("pid").map(Number);
  return {
    ...service,
    pids,
    replicas: () => named("replica").map(String),
    lines,
    async replace(worker) {
      const before = lines("worker ready").length;
      process.kill(pids()[worker] ?? 0, "SIGKILL");
      await eventually(() => lines("worker ready").length > before);
    },
    async [Symbol.asyncDispose]() {
      await service.stop();
      // They end by themselves with their primary.
      await eventually(() => !pids().some(isAlive));
    },
  };
}
