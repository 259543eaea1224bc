import { createContext, Script } from "node:vm";

/** Longest time that a caller's schema holds up everybody else: its patterns can be made to backtrack. */
const LIMIT_MS = 50;
/** A machine that is busy elsewhere can use the time up: how often the work gets it. */
const MAX_TRIES = 3;

const TIMED_OUT = "ERR_SCRIPT_EXECUTION_TIMEOUT";

const sandbox = createContext({ work: (): void => {} });
const runWork = new Script("work()");

/** The limit has passed, and most of it went to other threads and processes. */
function wasHeldUp(error: unknown, since: NodeJS.CpuUsage): boolean {
  // It is no `Error` of this context.
  if ((error as { readonly code?: unknown } | undefined)?.code !== TIMED_OUT) return false;
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000 < LIMIT_MS / 2;
}

/** Runs `work`, and ends it wherever it is when its time is over. It may be begun again. */
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
