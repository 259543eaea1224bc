import { createContext, Script } from "node:vm";

/**
 * Longest time in milliseconds that a caller's schema may block the event loop: its patterns can be made to
 * backtrack.
 */
const LIMIT_MS = 50;
/** On a busy machine, other processes can use the time up, so the work gets this many tries. */
const MAX_TRIES = 3;

const TIMED_OUT = "ERR_SCRIPT_EXECUTION_TIMEOUT";

const sandbox = createContext({ work: (): void => {} });
const runWork = new Script("work()");

/** Whether the time limit passed mostly in other threads and processes. */
function wasHeldUp(error: unknown, since: NodeJS.CpuUsage): boolean {
  // The error is not an `Error` of this context.
  if ((error as { readonly code?: unknown } | undefined)?.code !== TIMED_OUT) return false;
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000 < LIMIT_MS / 2;
}

/** Runs `work` and aborts it at the time limit. `work` can be started again. */
export function runBounded<T>(work: () => T): T {
  sandbox["work"] = work;
  for (let tries = 1; ; tries++) {
    const since = process.threadCpuUsage();
    try {
      return runWork.runInContext(sandbox, { timeout: LIMIT_MS }) as T;
    } catch (error) {
      if (tries === MAX_TRIES || !wasHeldUp(error, since)) throw error;
    }
  }
}
